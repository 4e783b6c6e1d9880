from __future__ import annotations

import asyncio
import hashlib
import os
import uuid
from typing import Annotated

import httpx
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request, UploadFile, WebSocket
from fastapi.responses import Response, StreamingResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials

import drhttp

# An inbox on this machine, unless DRHTTP_DSN is set.
DSN = os.environ.get("DRHTTP_DSN", "http://local@127.0.0.1:8399/")

# The payment service in ../payments; without it, orders cost nothing.
PAYMENTS_URL = os.environ.get("PAYMENTS_URL")
PATIENCE = 0.5  # seconds to wait for a payment

ITEMS = [{"id": 1, "name": "Tea pot", "price": 24.5}, {"id": 2, "name": "Café mug", "price": 9}]

LOGO = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000"
    "000c4944415478da63908def020001a30107e1ac9b370000000049454e44ae426082"
)

Credentials = Annotated[HTTPBasicCredentials | None, Depends(HTTPBasic(auto_error=False))]


def verify(request: Request, credentials: Credentials) -> str | None:
    known = credentials is not None and (credentials.username, credentials.password) == ("demo", "demo")
    request.state.user = credentials.username if known else None
    return request.state.user


User = Annotated[str | None, Depends(verify)]

app = FastAPI(dependencies=[Depends(verify)])


@app.middleware("http")
async def identify(request: Request, call_next):
    response = await call_next(request)
    device = request.cookies.get("device")
    if device is None:
        device = uuid.uuid4().hex[:8]
        response.set_cookie("device", device, httponly=True, samesite="lax")
    response.headers[drhttp.DRHTTP_HEADER_DEVICE] = device
    if user := getattr(request.state, "user", None):
        response.headers[drhttp.DRHTTP_HEADER_USER] = user
    return response


@app.get("/login")
async def log_in(user: User):
    if user is None:
        raise HTTPException(401, "Who are you?", {"WWW-Authenticate": 'Basic realm="shop"'})
    return {"user": user}


@app.api_route("/api/items", methods=["GET", "HEAD"])
async def items():
    return {"items": ITEMS}


@app.get("/api/items/{number}")
async def item(number: int):
    return next((each for each in ITEMS if each["id"] == number), None)


@app.post("/api/orders", status_code=201)
async def order(request: Request, ordered: dict):
    if PAYMENTS_URL:
        try:
            await pay(ordered, request.query_params.get("id"))
        except httpx.HTTPError:
            raise HTTPException(502, "the payment service did not answer") from None
    return {"ordered": ordered}


async def pay(ordered: dict, order_id: str | None) -> None:
    """Charge an order. order_id: by which the demo finds the calls again."""
    price = next(item["price"] for item in ITEMS if item["id"] == ordered["item"])
    async with httpx.AsyncClient(base_url=PAYMENTS_URL, timeout=PATIENCE) as payments:
        limit = (await payments.get("/limit", params={"id": f"{order_id}-limit"})).json()["limit"]
        charge = {"amount": min(price * ordered.get("quantity", 1), limit), "card_number": "4111 1111 1111 1111"}
        (await payments.post("/charges", params={"id": f"{order_id}-charge"}, json=charge)).raise_for_status()


@app.post("/upload")
async def upload(file: UploadFile):
    content = await file.read()
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


@app.get("/logo.png")
async def logo():
    return Response(LOGO, media_type="image/png")


@app.get("/report.csv")
async def report(lines: int = 5):
    async def written():
        for number in range(lines):
            yield f"{number},{number * number}\r\n"
            await asyncio.sleep(0.02)

    return StreamingResponse(written(), media_type="text/csv")


@app.get("/events")
async def events(count: int = 5):
    async def ticks():
        for number in range(count):
            yield f"data: {number}\n\n"
            await asyncio.sleep(0.02)

    return StreamingResponse(ticks(), media_type="text/event-stream")


@app.post("/api/reminders", status_code=202)
async def remind(tasks: BackgroundTasks):
    tasks.add_task(asyncio.sleep, 0.2)
    return {"reminder": "on its way"}


@app.websocket("/ws")
async def chat(socket: WebSocket):
    await socket.accept()
    await socket.send_text(await socket.receive_text())
    await socket.close()


@app.get("/boom")
async def boom():
    raise RuntimeError("the kettle exploded")


app.add_middleware(drhttp.ASGIMiddleware, dsn=DSN, outbound=True)  # last, so that it is outermost
