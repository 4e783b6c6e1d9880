from __future__ import annotations

import hashlib
import os
import time
import uuid

import requests
from flask import Flask, Response, jsonify, request
from flask_httpauth import HTTPBasicAuth

import drhttp

# An inbox on this machine, unless DRHTTP_DSN is set.
DSN = os.environ.get("DRHTTP_DSN", "http://local@127.0.0.1:8399/")

# The payment service in ../payments; without it, orders cost nothing.
PAYMENTS = os.environ.get("PAYMENTS_URL")
PATIENCE = 0.5  # seconds to wait for a payment

ITEMS = [{"id": 1, "name": "Tea pot", "price": 24.5}, {"id": 2, "name": "Café mug", "price": 9}]

LOGO = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000"
    "000c4944415478da63908def020001a30107e1ac9b370000000049454e44ae426082"
)

app = Flask(__name__)
app.wsgi_app = drhttp.WSGIMiddleware(app.wsgi_app, dsn=DSN, outbound=True)
auth = HTTPBasicAuth()


@app.after_request
def identify_user(response):
    response.headers[drhttp.DRHTTP_HEADER_USER] = auth.username()
    return response


@app.after_request
def identify_device(response):
    device = request.cookies.get("device")
    if device is None:
        device = uuid.uuid4().hex[:8]
        response.set_cookie("device", device, httponly=True, samesite="Lax")
    response.headers[drhttp.DRHTTP_HEADER_DEVICE] = device
    return response


@auth.verify_password
def verify(name, password):
    return name if (name, password) == ("demo", "demo") else None


@app.get("/login")
@auth.login_required
def log_in():
    return {"user": auth.current_user()}


@app.get("/api/items")
def items():
    return {"items": ITEMS}


@app.post("/api/orders")
def order():
    ordered = request.get_json()
    if PAYMENTS:
        try:
            pay(ordered)
        except requests.RequestException:
            return {"error": "the payment service did not answer"}, 502
    return {"ordered": ordered}, 201


def pay(ordered):
    price = next(item["price"] for item in ITEMS if item["id"] == ordered["item"])
    amount = min(price * ordered.get("quantity", 1), limit())
    charge = {"amount": amount, "card_number": "4111 1111 1111 1111"}
    requests.post(f"{PAYMENTS}/charges", params=call_id("charge"), json=charge, timeout=PATIENCE).raise_for_status()


def limit():
    return requests.get(f"{PAYMENTS}/limit", params=call_id("limit"), timeout=PATIENCE).json()["limit"]


def call_id(name):
    """The id by which the demo finds a call again."""
    return {"id": f"{request.args.get('id')}-{name}"}


@app.post("/upload")
def upload():
    content = request.files["file"].read()
    return jsonify(size=len(content), sha256=hashlib.sha256(content).hexdigest())


@app.get("/logo.png")
def logo():
    return Response(LOGO, mimetype="image/png")


@app.get("/report.csv")
def report():
    count = int(request.args.get("lines", 5))

    def lines():
        for number in range(count):
            yield f"{number},{number * number}\r\n"
            time.sleep(0.02)

    return Response(lines(), mimetype="text/csv")


@app.get("/boom")
def boom():
    raise RuntimeError("the kettle exploded")
