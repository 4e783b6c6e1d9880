from __future__ import annotations

import uuid

import drhttp


class DeviceMiddleware:
    """Gives each browser a cookie that identifies it, and records it as the device."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        device = request.COOKIES.get("device")
        response = self.get_response(request)
        if device is None:
            device = uuid.uuid4().hex[:8]
            response.set_cookie("device", device, httponly=True, samesite="Lax")
        response[drhttp.DRHTTP_HEADER_DEVICE] = device
        return response
