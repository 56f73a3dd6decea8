"""The AsyncAPI 3.0 document of the bus, generated from the contracts."""

from collections.abc import Iterable

from pydantic import BaseModel

from shared.contracts import BROADCASTS, EVENTS, REQUESTS
from shared.messages import Broadcast, Event, Message, Request
from shared.version import VERSION

Json = dict[str, object]

CLOUD_EVENT_HEADERS: Json = {
    "type": "object",
    "required": ["ce-id", "ce-type", "ce-source", "ce-time", "ce-specversion"],
    "properties": {
        "ce-id": {"type": "string", "format": "uuid", "description": "Once per event: drop what you have seen."},
        "ce-type": {"type": "string", "description": "Such as dsr-referral-created-1."},
        "ce-source": {"type": "string"},
        "ce-time": {"type": "string", "format": "date-time"},
        "ce-specversion": {"const": "1.0"},
    },
}

COPY = "copy"
PARAMETERS: Json = {
    "register": {"description": "Code of the register."},
    "body": {
        "description": "Id, in hex, of a body whose staff may see the record. Events of several bodies are published "
        "once for each, with the same ce-id: on `event` for the first body, on `copy` for the others."
    },
}


def document() -> Json:
    """Return the whole document. Public channels come first; the others are internal to the product."""
    public = [event for event in EVENTS if event.family == "event"]
    internal = [event for event in EVENTS if event.family != "event"]
    channels = {event.__name__: _event_channel(event, event.family) for event in (*public, *internal)}
    channels |= {f"{event.__name__}Copy": _event_channel(event, COPY) for event in public}
    channels |= {each.__name__: _channel(each.subject, each) for each in BROADCASTS}
    for request in REQUESTS:
        channels[request.__name__] = _request_channel(request)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "ICS Registers on NATS",
            "version": VERSION,
            "description": "Events carry ids, never people: ask the API for the details that your own scope allows.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": _operations(channels),
        "components": {"schemas": _schemas()},
    }


def _event_channel(event: type[Event], first_word: str) -> Json:
    channel = _channel(f"{first_word}.{{register}}.{{body}}.{event.kind}", event)
    message: Json = {"$ref": f"#/components/schemas/{event.__name__}"}
    channel["parameters"] = PARAMETERS
    channel["messages"] = {event.__name__: {"headers": CLOUD_EVENT_HEADERS, "payload": message}}
    return channel


def _request_channel(request: type[Request[Message]]) -> Json:
    channel = _channel(request.subject, request)
    channel["x-reply"] = {"$ref": f"#/components/schemas/{request.reply_type().__name__}"}
    channel["x-asked-by"] = list(request.asked_by)
    details = sorted((code, kind.__name__) for code, kind in request.refusal_details().items())
    channel["x-refused-as"] = {code: {"$ref": f"#/components/schemas/{name}"} for code, name in details}
    return channel


def _channel(address: str, contract: type[BaseModel]) -> Json:
    message: Json = {"payload": {"$ref": f"#/components/schemas/{contract.__name__}"}}
    return {"address": address, "description": _sentence(contract), "messages": {contract.__name__: message}}


def _operations(channels: Iterable[str]) -> Json:
    """Return the operations of an integrator: receive the public events. All other channels are internal."""
    public = {f"{event.__name__}{copy}" for event in EVENTS if event.family == "event" for copy in ("", "Copy")}
    return {
        f"receive{name}": {"action": "receive", "channel": {"$ref": f"#/channels/{name}"}}
        for name in channels
        if name in public
    }


def _schemas() -> Json:
    contracts: list[type[Event] | type[Broadcast] | type[Message]] = [*EVENTS, *BROADCASTS, *REQUESTS]
    contracts += [request.reply_type() for request in REQUESTS]
    contracts += [details for request in REQUESTS for details in request.refusal_details().values()]
    schemas: Json = {}
    for contract in contracts:
        schema = contract.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[contract.__name__] = schema
    return dict(sorted(schemas.items()))


def _sentence(contract: type[BaseModel]) -> str:
    return " ".join((contract.__doc__ or "").split())
