from __future__ import annotations

import hashlib
import json
import time

import httpx
from django.conf import settings
from django.contrib.auth import authenticate, login
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.views.decorators.http import require_POST, require_safe

ITEMS = [{"id": 1, "name": "Tea pot", "price": 24.5}, {"id": 2, "name": "Café mug", "price": 9}]

PATIENCE = 0.5  # seconds to wait for a payment

LOGO = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000"
    "000c4944415478da63908def020001a30107e1ac9b370000000049454e44ae426082"
)


@require_POST
def log_in(request):
    user = authenticate(request, username=request.POST.get("name"), password=request.POST.get("password"))
    if user is None:
        return JsonResponse({"error": "unknown name or wrong password"}, status=401)
    login(request, user)
    return JsonResponse({"user": user.get_username()})


@require_safe
def items(request):
    return JsonResponse({"items": ITEMS})


@require_POST
def order(request):
    ordered = json.loads(request.body)
    if settings.PAYMENTS_URL:
        try:
            pay(ordered, request.GET.get("id"))
        except httpx.HTTPError:
            return JsonResponse({"error": "the payment service did not answer"}, status=502)
    return JsonResponse({"ordered": ordered}, status=201)


def pay(ordered, order_id):
    """Charge an order. order_id: by which the demo finds the calls again."""
    price = next(item["price"] for item in ITEMS if item["id"] == ordered["item"])
    with httpx.Client(base_url=settings.PAYMENTS_URL, timeout=PATIENCE) as payments:
        limit = payments.get("/limit", params={"id": f"{order_id}-limit"}).json()["limit"]
        amount = min(price * ordered.get("quantity", 1), limit)
        charge = {"amount": amount, "card_number": "4111 1111 1111 1111"}
        payments.post("/charges", params={"id": f"{order_id}-charge"}, json=charge).raise_for_status()


@require_POST
def upload(request):
    content = request.FILES["file"].read()
    return JsonResponse({"size": len(content), "sha256": hashlib.sha256(content).hexdigest()})


@require_safe
def logo(request):
    return HttpResponse(LOGO, content_type="image/png")


@require_safe
def report(request):
    count = int(request.GET.get("lines", 5))

    def lines():
        for number in range(count):
            yield f"{number},{number * number}\r\n"
            time.sleep(0.02)

    return StreamingHttpResponse(lines(), content_type="text/csv")


@require_safe
def boom(request):
    raise RuntimeError("the kettle exploded")
