"""Half of the ids that are made up become ids that are there, so that generated input also meets what the shop has."""

import json
import os
import re
import urllib.error
import zlib
from functools import cache

import schemathesis
from shop import ask

TOKEN = os.environ["HUIKE_TOKEN"]
TILL = json.loads(os.environ["HUIKE_TILL"])
# Whoever asks must stay signed in and employed.
SPARED = ("/v1/me/sessions", "/v1/staff/sessions", "/v1/console/staff")


@cache
def known_ids(collection):
    try:
        items = ask(TOKEN, collection).get("items", [])
    except (urllib.error.HTTPError, ValueError, AttributeError):
        return ()
    return tuple(item["id"] for item in items if isinstance(item, dict) and isinstance(item.get("id"), str))


@schemathesis.hook.apply_to(path_regex="^/v1/")
def map_path_parameters(context, path_parameters):
    first = re.match(r"([^{]+)/\{(\w+)\}", context.operation.path)
    if not first or not path_parameters or first[1] in SPARED:
        return path_parameters
    ids, choice = known_ids(first[1]), dice(path_parameters)
    if ids and choice % 2:
        return {**path_parameters, first[2]: ids[choice // 2 % len(ids)]}
    return path_parameters


@schemathesis.hook.apply_to(path_regex="^/v1/")
def map_query(context, query):
    return at_the_till(query)


@schemathesis.hook.apply_to(path_regex="^/v1/")
def map_body(context, body):
    return at_the_till(body)


def at_the_till(values):
    if not isinstance(values, dict) or dice(values) % 2:
        return values
    return {**values, **{name: known for name, known in TILL.items() if isinstance(values.get(name), str)}}


def dice(values):
    """The same for the same input."""
    return zlib.crc32(repr(values).encode(errors="replace"))
