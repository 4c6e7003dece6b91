"""The demonstration shop as the owner and one of its members meet it."""

import base64
import hashlib
import hmac
import json
import os
import time
import urllib.request

API = os.environ["HUIKE_API"]
OWNER, MEMBER = os.environ["HUIKE_OWNER"], os.environ["HUIKE_MEMBER"]


def ask(token, path, body=None):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{API}{path}", data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def card_code():
    """The card's secret signs its number and the current step."""
    card = ask(MEMBER, "/v1/me/card")
    offline = card["offline"]
    signed = f"HK1.{card['card_number']}.{int(time.time()) // offline['step_seconds']}"
    tag = hmac.digest(base64.b64decode(offline["secret"]), signed.encode(), hashlib.sha256)
    return f"{signed}.{int.from_bytes(tag[:8], 'big') % 10**12:012}"


def prepare():
    """One of each kind that the shop has none of, and the scan that a store has made of the member's card."""
    template = ask(OWNER, "/v1/console/coupon-templates")["items"][0]["id"]
    pack = {"name": "新客券包", "items": [{"template_id": template}], "claimable": True}
    survey = {"name": "口味", "points": 5, "state": "published", "questions": [{"text": "最爱哪一款？"}]}
    ask(OWNER, "/v1/console/coupon-packs", pack)
    ask(OWNER, "/v1/console/surveys", survey)
    ask(MEMBER, "/v1/me/feedback", {"kind": "suggestion", "text": "希望早上七点就开门"})
    store_id = ask(OWNER, "/v1/console/stores")["items"][0]["id"]
    scan = ask(OWNER, "/v1/staff/scans", {"code": card_code(), "store_id": store_id})
    return {"store_id": store_id, "scan_id": scan["scan_id"]}


if __name__ == "__main__":
    print(json.dumps(prepare()))
