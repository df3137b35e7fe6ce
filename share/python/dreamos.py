"""Durable mail for agents, in Python: one file, nothing else, from Python 3.9 on.

    import dreamos

    mail = dreamos.connect(agent="reviewer")
    mail.send("planner", "The parser is done", dedupe_key="parser-7")
    for delivery in mail.deliveries():
        with delivery:                    # acked at its end, nacked by an exception
            print(delivery.body)

`connect` speaks with a server of this machine (`dreamos serve`): by its unix socket (DREAMOS_SERVER=unix:<path>, else
server.sock of the root), or by TCP with a token (DREAMOS_SERVER=http://127.0.0.1:7420, DREAMOS_TOKEN or DREAMOS_TOKEN_FILE).
Who acts is DREAMOS_AGENT, or `agent`. `drop` hands in a message without any server.

Times to wait are seconds, a `timedelta`, or a text as dreamos writes it ("5m"). What answers is the JSON that the command
prints with --json (`dreamos help json`), so it may have more fields than are named here. Everything that fails is a
`DreamosError`. A client may be used by several threads at once.
"""
from __future__ import annotations

import hashlib
import http.client
import json
import logging
import math
import os
import re
import select
import socket
import threading
import time
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable, Dict, Generator, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple
from typing import TypedDict, Union, cast
from urllib.parse import unquote, urlencode, urlsplit

__all__ = [
    "connect", "drop", "Client", "Tasks", "Delivery", "Draft", "DreamosError",
    "Message", "Sent", "Settled", "Entry", "Shown", "Event", "Heard", "MailboxStatus", "Agent", "Task",
    "is_agent_name", "is_id", "id_time", "new_id", "is_drop_name", "topic", "topic_pattern", "topic_matches",
    "duration_ms", "check_draft", "digest_fault", "signed_part", "kind_of",
]

log = logging.getLogger("dreamos")

Span = Union[int, float, str, timedelta]
"""Seconds, a `timedelta`, or a text such as "5m"."""
Moment = Union[str, int, float, datetime]
"""ISO 8601, a `datetime`, or seconds since 1970."""
Json = Dict[str, Any]


# --- what goes wrong ---------------------------------------------------------------------------------------------------

class DreamosError(Exception):
    """What was asked for was not done. `code` is stable and for programs (`dreamos explain <code>`), `hint` says what
    to do next, `status` is the number that HTTP has for it, `None` where no server was asked."""

    def __init__(self, code: str, message: str, hint: Optional[str] = None, status: Optional[int] = None) -> None:
        super().__init__(f"{message} [{code}]" + (f" {hint}" if hint else ""))
        self.code = code
        self.message = message
        self.hint = hint
        self.status = status

    @property
    def kind(self) -> str:
        """usage, nothing, not-found, conflict, invalid, disk, unreachable, denied or bug."""
        return kind_of(self.code)


_KINDS = {
    "usage": "USAGE COMMAND_NOT_STARTED",
    "nothing": "NOTHING_THERE AGENT_PAUSED SETUP_INCOMPLETE",
    "conflict": "AGENT_RETIRED ALREADY_EXISTS ALREADY_SETTLED CANNOT_LISTEN DEAD_LETTERED DEDUPE_MISMATCH EXPORT_REFUSED "
    "LEASE_LOST LIMITED MAILBOX_FULL MAILBOX_NOT_EMPTY RESERVATION_LOST RESERVED ROOT_INSIDE_ROOT ROOT_MOVED "
    "SERVER_RUNNING STATE_CHANGED TASK_NOT_FOR_YOU TASK_STATE WAKE_UNSAFE",
    "disk": "DISK_FAILED OUTPUT_CLOSED ROOT_NOT_YOURS SEND_UNCERTAIN",
    "unreachable": "ENGINE_LOST ENGINE_UNREACHABLE PEER_UNREACHABLE SERVER_BUSY SERVER_DIFFERS SERVER_UNREACHABLE",
    "denied": "FORBIDDEN KEY_CHANGED SEAL_UNOPENED SECRET_FOUND SIGNATURE_INVALID SIGNATURE_MISSING UNAUTHENTICATED",
    "bug": "UNEXPECTED",
}


def kind_of(code: str) -> str:
    """Of an error. A code that nobody here knows is `invalid`: to ask the same again is of no use."""
    if code.endswith("_NOT_FOUND"):
        return "not-found"
    return next((kind for kind, codes in _KINDS.items() if code in codes.split()), "invalid")


# --- names, as dreamos takes them --------------------------------------------------------------------------------------

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TOKEN = re.compile(r"[a-z0-9_-]+")
_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_DURATION = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,3})?(?:ms|s|m|h|d)){1,5}")
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_LONGEST_MS = 3650 * 86_400_000


def is_agent_name(text: str) -> bool:
    """1 to 64 letters, digits, dots, dashes or underscores, a letter or a digit first."""
    return _NAME.fullmatch(text) is not None


def topic(text: str) -> str:
    """A topic as it is kept, in lower case. Raises TOPIC_INVALID."""
    return _topic(text, is_pattern=False)


def topic_pattern(text: str) -> str:
    """A pattern of topics as it is kept: `*` is one part between dots, `>` at the end one or more."""
    return _topic(text, is_pattern=True)


def topic_matches(pattern: str, name: str) -> bool:
    """Both as `topic_pattern` and `topic` return them."""
    wanted, parts = pattern.split("."), name.split(".")
    if wanted[-1] == ">":
        if len(parts) < len(wanted):
            return False
        wanted, parts = wanted[:-1], parts[: len(wanted) - 1]
    return len(wanted) == len(parts) and all(one in ("*", part) for one, part in zip(wanted, parts))


def _topic(text: str, is_pattern: bool) -> str:
    kept = text.lower()
    parts = kept.split(".")
    for at, part in enumerate(parts):
        stands_for = is_pattern and (part == "*" or (part == ">" and at == len(parts) - 1))
        if len(kept) <= 128 and (stands_for or _TOKEN.fullmatch(part)):
            continue
        what = "a pattern" if is_pattern else "a topic"
        hint = "Letters, digits, dashes and underscores, joined by dots; at most 128 characters"
        raise DreamosError("TOPIC_INVALID", f"{text[:140]!r} cannot be {what}.", hint)
    return kept


def is_id(text: str) -> bool:
    """Of a message: a ULID."""
    return _ID.fullmatch(text) is not None


def id_time(text: str) -> float:
    """When an id was made; seconds since 1970."""
    ms = 0
    for character in text[:10]:
        ms = ms * 32 + _BASE32.index(character)
    return ms / 1000


def new_id() -> str:
    """A ULID of now."""
    value = int(time.time() * 1000) << 80 | int.from_bytes(os.urandom(10), "big")
    return "".join(_BASE32[value >> shift & 31] for shift in range(125, -1, -5))


def is_drop_name(name: str) -> bool:
    """Whether a file of this name in drop/ is taken for a message."""
    return name.endswith(".json") and not name.startswith(".")


def duration_ms(text: str) -> int:
    """`250ms`, `30s`, `5m`, `2h`, `7d`, `1h30m`; milliseconds. Raises USAGE."""
    if text == "0":
        return 0
    total, last = 0.0, math.inf
    if _DURATION.fullmatch(text):
        for number, unit in re.findall(r"([0-9.]+)(ms|s|m|h|d)", text):
            if _UNITS[unit] >= last:
                break
            last = _UNITS[unit]
            total += float(number) * last
        else:
            return math.floor(total + 0.5)
    raise DreamosError("USAGE", f"{text[:70]!r} is not a duration.", "A number and a unit: 250ms, 30s, 5m, 2h, 7d or 1h30m")


# --- the bytes of a message --------------------------------------------------------------------------------------------

_DIGEST = re.compile(rb',"digest":"sha256:(.{64})"\}', re.DOTALL)
_SIGNATURE = re.compile(rb',"sig":"([A-Za-z0-9+/]{86}==)"')


def digest_fault(data: bytes) -> Optional[str]:
    """Why these bytes of a message's file, with or without its line end, are not what was written; `None`: they are."""
    body, tail = _undigested(data)
    match = _DIGEST.fullmatch(tail)
    if not body:
        return "it is too short to be a message"
    if match is None:
        return "it does not end in a digest"
    return None if hashlib.sha256(body).hexdigest().encode() == match[1] else "its digest does not fit its bytes"


def signed_part(data: bytes) -> Optional[Tuple[bytes, bytes]]:
    """What of a message's file is signed, and the 64 bytes of its signature (Ed25519); `None`: it ends in none."""
    from base64 import b64decode, b64encode

    body, _ = _undigested(data)
    match = _SIGNATURE.fullmatch(body[-97:])
    if match is None:
        return None
    signature = b64decode(match[1])
    # Four bits of its last character mean nothing: other texts would be the same bytes.
    return (b"dreamos-message-v1\n" + body[:-97], signature) if b64encode(signature) == match[1] else None


def _undigested(data: bytes) -> Tuple[bytes, bytes]:
    line = data[:-1] if data.endswith(b"\n") else data
    return line[:-84], line[-84:]


# --- shapes ------------------------------------------------------------------------------------------------------------

_From = TypedDict("_From", {"from": str}, total=False)


class Message(_From, total=False):
    id: str
    to: List[str]
    topic: str
    subject: str
    body: str
    type: str
    priority: str
    thread: Optional[str]
    replyTo: Optional[str]
    tags: List[str]
    data: Any
    createdAt: str
    expiresAt: Optional[str]
    dedupeKey: Optional[str]
    orderingKey: Optional[str]


class Sent(TypedDict, total=False):
    """`duplicate`: the dedupe key was used before, and nothing new was sent. Of a publish `topic`, not `to` and `state`."""

    id: str
    to: List[str]
    topic: str
    mailboxes: List[str]
    subscribers: int
    state: str
    durability: str
    duplicate: bool


class Settled(TypedDict, total=False):
    id: str
    mailbox: str
    state: str
    receipt: str
    leaseUntil: str
    dueAt: str


class Entry(TypedDict, total=False):
    """A message in one mailbox. `message` is `None` where it cannot be read."""

    id: str
    mailbox: str
    state: str
    priority: str
    attempt: int
    message: Optional[Message]
    receipt: str
    reason: str
    dueAt: str
    leaseUntil: str


class Shown(TypedDict, total=False):
    message: Message
    entries: List[Entry]


class Event(TypedDict, total=False):
    """What happened in a mailbox. `cursor` goes on behind it."""

    cursor: str
    at: str
    mailbox: str
    event: str
    id: str
    by: str
    subject: str


class Heard(TypedDict, total=False):
    """What was published."""

    cursor: str
    at: str
    topic: str
    message: Message


class MailboxStatus(TypedDict, total=False):
    mailbox: str
    ready: int
    inflight: int
    delayed: int
    dead: int
    archived: int
    corrupt: int


class Agent(TypedDict, total=False):
    name: str
    description: str
    groups: List[str]
    capabilities: List[str]
    createdAt: str
    retiredAt: str


class Task(TypedDict, total=False):
    id: str
    title: str
    state: str
    priority: str
    mailbox: str
    assignee: str
    by: str
    requires: List[str]
    dependsOn: List[str]
    attempt: int
    receipt: str


# --- drafts ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Draft:
    """A message as its sender thinks of it. `data` is anything that JSON can hold; `sender` stands for who acts."""

    to: Union[str, Sequence[str], None] = None
    body: Optional[str] = None
    sender: Optional[str] = None
    subject: Optional[str] = None
    type: Optional[str] = None
    priority: Optional[str] = None
    thread: Optional[str] = None
    reply_to: Optional[str] = None
    tags: Optional[Sequence[str]] = None
    data: Any = None
    ttl: Optional[Span] = None
    delay: Optional[Span] = None
    at: Optional[Moment] = None
    dedupe_key: Optional[str] = None
    ordering_key: Optional[str] = None
    replace_key: Optional[str] = None
    notify: Optional[bool] = None
    seal: Optional[bool] = None
    seal_subject: Optional[bool] = None
    allow_empty: Optional[bool] = None
    durability: Optional[str] = None

    def json(self) -> Json:
        """With the names and times that dreamos has."""
        draft: Json = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if value is None:
                continue
            if one.name in ("ttl", "delay"):
                draft.update(_span(one.name, value))
            elif one.name == "at":
                draft["at"] = _moment(value)
            elif one.name in ("to", "tags") and not isinstance(value, str):
                draft[one.name] = list(value)
            else:
                draft["from" if one.name == "sender" else _camel(one.name)] = value
        return draft


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _seconds(span: Span) -> float:
    if isinstance(span, timedelta):
        return span.total_seconds()
    return duration_ms(span) / 1000 if isinstance(span, str) else float(span)


def _span(name: str, span: Optional[Span]) -> Json:
    if span is None:
        return {}
    if isinstance(span, str):
        return {name: span}
    ms = _seconds(span) * 1000
    return {name + "Ms": int(ms) if ms == int(ms) else ms}


def _moment(at: Moment) -> Union[str, int]:
    if isinstance(at, datetime):
        return at.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return at if isinstance(at, str) else int(at * 1000)


_WHITE = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE | re.ASCII)
_TEXTS = {"body": None, "from": None, "subject": 200, "type": 64, "thread": 512, "replyTo": 512, "traceparent": None}
_TEXTS.update({"dedupeKey": 512, "orderingKey": 512, "replaceKey": 512, "tracestate": None, "ttl": None, "delay": None})
_FLAGS = ("notify", "allowEmpty", "seal", "sealSubject")
_FIELDS = {*_TEXTS, *_FLAGS, "to", "priority", "tags", "data", "ttlMs", "delayMs", "at", "durability"}
_MOST_BYTES = 67_108_864
_MOST_FILE_BYTES = 72 * 1024 * 1024
_MOST_LEVELS = 1000


def check_draft(draft: Mapping[str, Any]) -> None:
    """What can be known of a draft (its JSON) without a root, as `send` checks it.

    Raises MESSAGE_INVALID, BODY_NOT_TEXT, BODY_EMPTY, NAME_INVALID, USAGE, MESSAGE_TOO_LARGE."""
    given = {name: value for name, value in draft.items() if value is not None}
    for name, value in given.items():
        _check_field(name, value)
    for name in ("to", "body"):
        if name not in given:
            raise _invalid(f'"{name}" is missing.')
    if {"ttl", "ttlMs"} <= given.keys() or {"delay", "delayMs"} <= given.keys():
        raise DreamosError("USAGE", "A duration is given twice.", "Give one of them")
    ttl_ms, delay_ms = (_draft_ms(given, name) for name in ("ttl", "delay"))
    if ttl_ms is not None and not 0 < ttl_ms <= _LONGEST_MS:
        raise DreamosError("USAGE", "The time-to-live has to be more than 0 and at most 3650d.")
    if delay_ms is not None and not 0 <= delay_ms <= _LONGEST_MS:
        raise DreamosError("USAGE", "The delay has to be at least 0 and at most 3650d.")
    if "at" in given and delay_ms is not None:
        raise DreamosError("USAGE", "A message has a delay or a time from which on it is delivered, not both.")
    if ttl_ms is not None and delay_ms is not None and delay_ms >= ttl_ms:
        raise DreamosError("USAGE", "With this delay the message would expire before it is delivered.")
    if given.get("replaceKey", "") == given.get("dedupeKey", None):
        raise DreamosError("USAGE", "A replace key that is its dedupe key replaces nothing.")
    for name in _recipients(given["to"]) + [given.get("from", "-")]:
        if name != "-" and not is_agent_name(name):
            raise DreamosError("NAME_INVALID", f"{name[:70]!r} cannot be an agent's name.")
    if given["body"].strip(_WHITE) == "" and not given.get("allowEmpty"):
        raise DreamosError("BODY_EMPTY", "The body is empty.", "If that is meant: allow_empty=True")
    data = _dumps(given["data"], "data") if "data" in given else ""
    if len(given["body"].encode()) + len(data.encode()) > _MOST_BYTES:
        raise DreamosError("MESSAGE_TOO_LARGE", "No mailbox takes body and data of more than 64 MiB.")


def _check_field(name: str, value: Any) -> None:
    if name not in _FIELDS:
        raise _invalid(f"{name!r} is not a field of a message.")
    if name in _TEXTS:
        if not isinstance(value, str):
            raise DreamosError("BODY_NOT_TEXT", "The body is not text.") if name == "body" else _invalid(f'"{name}" has to be a text.')
        most = _TEXTS[name]
        _check_text(name, value, most, units=most == 512)
        if value == "" and most is not None and name not in ("subject", "thread", "replyTo"):
            raise _invalid(f'"{name}" must not be empty.')
    elif name in _FLAGS and not isinstance(value, bool):
        raise _invalid(f'"{name}" has to be true or false.')
    elif name == "to":
        if not isinstance(value, str) and not _are_texts(value):
            raise _invalid('"to" has to be a name, names with commas, or a list of names.')
    elif name == "tags":
        if not _are_texts(value) or len(value) > 64:
            raise _invalid('"tags" has to be a list of at most 64 texts.')
        for tag in value:
            _check_text("tags", tag, 64)
            if tag == "":
                raise _invalid("A tag must not be empty.")
    elif name == "priority" and str(value).strip(_WHITE).lower() not in ("urgent", "high", "normal", "low"):
        raise _invalid('"priority" has to be one of: urgent, high, normal, low.')
    elif name == "durability" and value not in ("full", "relaxed"):
        raise _invalid('"durability" has to be one of: full, relaxed.')
    elif name in ("ttlMs", "delayMs") and not _is_number(value):
        raise _invalid(f'"{name}" has to be a number of milliseconds.')
    elif name == "at" and not _is_number(value):
        if not isinstance(value, str):
            raise _invalid('"at" has to be a time.')
        if not _TIME.fullmatch(value):
            raise DreamosError("USAGE", f'{value[:70]!r} is not a time for "at".', "Write day and time: 2026-11-21T09:00Z")


def _draft_ms(given: Mapping[str, Any], name: str) -> Optional[float]:
    return duration_ms(given[name]) if name in given else cast(Optional[float], given.get(name + "Ms"))


def _recipients(to: Union[str, Sequence[str]]) -> List[str]:
    words = [word for text in ([to] if isinstance(to, str) else to) for word in text.split(",")]
    if not words:
        raise DreamosError("USAGE", "The message has no recipient.")
    return [word for word in words if not word.startswith("@")]


def _are_texts(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _check_text(name: str, text: str, most: Optional[int], units: bool = False) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _invalid(f'"{name}" has half a character in it.', "Send the whole character, or leave it out") from error
    # Keys are counted in units of UTF-16.
    if most is not None and (len(text.encode("utf-16-le")) // 2 if units else len(text)) > most:
        raise _invalid(f'"{name}" has to be a text of at most {most} characters.')


def _dumps(value: Any, what: str) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise _invalid(f'"{what}" cannot be written as JSON: {error}.') from error
    if _levels(value) >= _MOST_LEVELS:
        raise _invalid(f'"{what}" is nested too deeply: a message has at most {_MOST_LEVELS} levels, itself counted.')
    return text


def _levels(value: Any) -> int:
    levels, now = 0, [value]
    while now := [one for one in now if isinstance(one, (dict, list, tuple))]:
        levels += 1
        now = [inner for one in now for inner in (one.values() if isinstance(one, dict) else one)]
    return levels


def _invalid(message: str, hint: Optional[str] = None) -> DreamosError:
    return DreamosError("MESSAGE_INVALID", message, hint)


# --- the way to the server ---------------------------------------------------------------------------------------------


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class _Broken(Exception):
    """The connection broke behind the request: nobody knows whether it was heard."""


# The server closes a connection that rested for 65 seconds.
_KEPT_SECONDS = 30.0
_MOST_KEPT = 8
# A stream says that it is alive every 15 seconds.
_SILENT_SECONDS = 45.0


class _Wire:
    """Requests, over connections that are kept for the next one."""

    def __init__(self, server: str, headers: Mapping[str, str]) -> None:
        self.server = server
        self._headers = {"Accept": "application/json", **headers}
        self._lock = threading.Lock()
        self._kept: List[Tuple[float, http.client.HTTPConnection]] = []
        self._pid = os.getpid()
        if server.startswith("unix:"):
            self._path, self._port = server[len("unix:") :], None
        else:
            parts = urlsplit(server)
            if parts.scheme != "http" or not parts.hostname:
                raise DreamosError("USAGE", f"{server!r} is no server.", "unix:<path of its socket>, or http://127.0.0.1:7420")
            self._path, self._port = parts.hostname, parts.port or 80

    def ask(self, method: str, path: str, body: Optional[bytes], headers: Mapping[str, str], timeout: float) -> "_Answer":
        """Raises SERVER_UNREACHABLE where it was not asked at all, and `_Broken`."""
        connection, response = self._send(method, path, body, headers, timeout)
        try:
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise _Broken(str(error) or type(error).__name__) from error
        except BaseException:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            self._keep(connection)
        return _Answer(response.status, response.headers, data)

    def open(self, path: str, timeout: float) -> Tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """A stream, which has a connection of its own."""
        return self._send("GET", path, None, {"Accept": "text/event-stream"}, timeout, anew=True)

    def close(self) -> None:
        with self._lock:
            kept, self._kept = self._kept, []
        for _, connection in kept:
            connection.close()

    def _send(
        self, method: str, path: str, body: Optional[bytes], headers: Mapping[str, str], timeout: float, anew: bool = False
    ) -> Tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = (None if anew else self._take()) or self._connect(timeout)
        try:
            connection.sock.settimeout(timeout)
            connection.request(method, path, body, {**self._headers, **headers})
            return connection, connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise _Broken(str(error) or type(error).__name__) from error
        except BaseException:
            connection.close()
            raise

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        if self._port is None:
            connection: http.client.HTTPConnection = _UnixConnection(self._path, timeout)
        else:
            connection = http.client.HTTPConnection(self._path, self._port, timeout=timeout)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            message = f"No server listens at {self.server}: {error.strerror or error}."
            raise DreamosError("SERVER_UNREACHABLE", message, "To begin one: dreamos serve") from error
        return connection

    def _take(self) -> Optional[http.client.HTTPConnection]:
        while True:
            with self._lock:
                if self._pid != os.getpid():
                    # Of the process that this one is a copy of.
                    self._pid, self._kept = os.getpid(), []
                if not self._kept:
                    return None
                since, connection = self._kept.pop()
            # What can be read now is its end.
            if time.monotonic() - since < _KEPT_SECONDS and not _is_readable(connection.sock):
                return connection
            connection.close()

    def _keep(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if len(self._kept) < _MOST_KEPT:
                self._kept.append((time.monotonic(), connection))
                return
        connection.close()


def _is_readable(sock: socket.socket) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN | select.POLLHUP | select.POLLERR)
    return bool(poll.poll(0))


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Any
    data: bytes
    is_repeat: bool = False
    """It was asked before, and that answer did not arrive."""

    def value(self) -> Any:
        """Raises what the server refuses."""
        if self.status >= 400:
            raise self.error()
        return json.loads(self.data) if self.data else None

    @property
    def is_busy(self) -> bool:
        """Nothing was done, and it may be asked again."""
        return self.status == 503 and self.headers.get("Retry-After") is not None

    def error(self) -> DreamosError:
        if self.is_busy and not self.data:
            return DreamosError("SERVER_BUSY", "The server has as many connections as it takes at once.", None, self.status)
        try:
            problem = json.loads(self.data)
            return DreamosError(problem["code"], problem["detail"], problem["hint"], self.status)
        except (ValueError, KeyError, TypeError):
            text = self.data[:200].decode("utf-8", "replace")
            message = f"What listens there is no server of dreamos: it answers {self.status} {text!r}."
            return DreamosError("SERVER_DIFFERS", message, "dreamos serve status", self.status)


# --- the client --------------------------------------------------------------------------------------------------------


def connect(
    server: Optional[str] = None,
    agent: Optional[str] = None,
    token: Optional[str] = None,
    token_file: Union[str, Path, None] = None,
    **options: Any,
) -> "Client":
    """A client of the server that is meant: `server`, DREAMOS_SERVER, or the socket of the root that is found from here."""
    env = os.environ
    server = server or env.get("DREAMOS_SERVER") or f"unix:{find_root() / 'server.sock'}"
    token_file = token_file or env.get("DREAMOS_TOKEN_FILE")
    if token is None and token_file:
        token = Path(token_file).read_text(encoding="utf-8").strip()
    if token is None and not server.startswith("unix:"):
        token = env.get("DREAMOS_TOKEN")
    return Client(server, agent=agent or env.get("DREAMOS_AGENT"), token=token, **options)


class Client:
    """Mail by a server. Nothing is asked of it before the first call.

    `timeout`: so long an answer may take; seconds. `patience`: for so long what may be repeated is repeated when the server
    has gone, once it has answered at all: every look, `read`, what settles a claim, and what is sent under a dedupe key.
    What else broke off is SEND_UNCERTAIN. `on_warning` is told what the server warns of; else it is logged."""

    def __init__(
        self,
        server: str,
        *,
        agent: Optional[str] = None,
        token: Optional[str] = None,
        timeout: float = 30.0,
        patience: float = 30.0,
        on_warning: Optional[Callable[[str], None]] = None,
    ) -> None:
        headers = {"Dreamos-Agent": agent or "", "Authorization": f"Bearer {token}" if token else ""}
        self.agent = agent
        self.timeout = timeout
        self.patience = patience
        self.tasks = Tasks(self)
        self._warn = on_warning or (lambda text: log.warning("%s", text))
        self._wire = _Wire(server, {name: text for name, text in headers.items() if text})
        self._has_answered = False

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connections that are kept."""
        self._wire.close()

    # What every operation can be called by.

    def get(self, operation: str, *, timeout: float = 0.0, **query: Any) -> Any:
        """A look by its name (`/openapi.json` has them all): `mail.get("dlq.show", id="…")`."""
        return self._call("GET", _path(operation) + _query(query), None, True, timeout)

    def post(self, operation: str, body: Mapping[str, Any], *, repeatable: bool = False, timeout: float = 0.0) -> Any:
        """What changes something: `mail.post("dlq.retry", {"all": True})`. `None`: nothing came.
        `repeatable`: to do it twice is as good as once. `timeout`: what it may take longer; seconds."""
        return self._call("POST", _path(operation), _dumps(body, operation).encode(), repeatable, timeout)

    def pages(self, operation: str, **query: Any) -> Iterator[Any]:
        """All items of a list, a page at a time: `mail.pages("dlq.list", mailbox="reviewer")`."""
        while True:
            page = self.get(operation, **query)
            yield from page["items"]
            if page["next"] is None:
                return
            query["after"] = page["next"]

    # Sending.

    def send(self, to: Union[str, Sequence[str], Draft], body: Optional[str] = None, *, wait: Optional[Span] = None, **more: Any) -> Sent:
        """Sends to names, `@group` or `@all`; `more` are the fields of a `Draft`. It is done, on the disk, when this comes
        back. `wait`: so long for room in a full mailbox. Raises SEND_UNCERTAIN: it may have been sent."""
        return cast(Sent, self._sends("send", _draft(to, body, more), {}, wait))

    def send_all(self, drafts: Iterable[Union[Draft, Mapping[str, Any]]]) -> List[Union[Sent, DreamosError]]:
        """Many at once, each by itself: a result or an error for each, in their order."""
        given = [one.json() if isinstance(one, Draft) else dict(one) for one in drafts]
        lines = "".join(_dumps(one, "draft") + "\n" for one in given).encode()
        if not given:
            return []
        keyed = all(one.get("dedupeKey") for one in given)
        headers = {"Content-Type": "application/jsonl", "Accept": "application/jsonl"}
        answer = self._ask("POST", _path("sendAll"), lines, keyed, self.timeout, headers, "send")
        if answer.status >= 400:
            raise answer.error()
        return [_sent_or_error(json.loads(line)) for line in answer.data.decode().split("\n") if line]

    def reply(self, message: str, body: Union[str, Draft], *, ack: Optional[bool] = None, again: Optional[bool] = None,
              wait: Optional[Span] = None, **more: Any) -> Sent:  # fmt: skip
        """Answers a message, by its receipt or id; `ack` finishes it with that."""
        return cast(Sent, self._sends("reply", _draft(None, body, more), {"message": message, "ack": ack, "again": again}, wait))

    def publish(self, topic: str, body: Union[str, Draft], *, wait: Optional[Span] = None, **more: Any) -> Sent:
        return cast(Sent, self._sends("publish", _draft(None, body, more), {"topic": topic}, wait))

    def request(self, to: Union[str, Sequence[str], Draft], body: Optional[str] = None, *, wait: Span = 60, **more: Any) -> Optional[Message]:
        """Sends, and waits for the answer, 60 s at most. `None`: none came; it is sent all the same."""
        draft = {**_draft(to, body, more), **_span("wait", wait)}
        answer = self._call("POST", _path("request"), _dumps(draft, "draft").encode(), False, _seconds(wait), "send")
        return None if answer is None else cast(Message, answer["message"])

    def _sends(self, operation: str, draft: Json, more: Json, wait: Optional[Span]) -> Any:
        body = {**draft, **{name: value for name, value in more.items() if value is not None}, **_span("wait", wait)}
        longer = 0.0 if wait is None else _seconds(wait)
        return self._call("POST", _path(operation), _dumps(body, "draft").encode(), bool(draft.get("dedupeKey")), longer, "send")

    # Taking.

    def read(self, mailbox: Optional[str] = None, *, wait: Optional[Span] = None, lease: Optional[Span] = None,
             renew: bool = False, **filters: Any) -> Optional["Delivery"]:  # fmt: skip
        """Claims the next message of a mailbox (without one the acting agent's), which nobody else gets meanwhile.

        `None`: nothing came within `wait` (`math.inf`: for ever). `lease`: holds it so long; `renew`: longer, as long as the
        `with` of the delivery runs. `filters`: sender, type, thread, tag, priority, id, task; `label` and `unseal`."""
        body = {"mailbox": mailbox, **filters, **_span("lease", lease)}
        body["from"] = body.pop("sender", None)
        body = {name: value for name, value in body.items() if value is not None}
        got = self._polls("read", body, wait)
        return None if got is None else Delivery(self, got, lease, renew)

    def deliveries(self, mailbox: Optional[str] = None, *, wait: Span = math.inf, **how: Any) -> Iterator["Delivery"]:
        """One after the other, until nothing comes for `wait`. What was not settled before the next one is asked for stays
        claimed until its lease ends."""
        while True:
            delivery = self.read(mailbox, wait=wait, **how)
            if delivery is None:
                return
            yield delivery

    def _polls(self, operation: str, body: Json, wait: Optional[Span]) -> Any:
        """Asks again and again, since a request may wait for a minute at most."""
        until = time.monotonic() + (0.0 if wait is None else _seconds(wait))
        while True:
            begun = time.monotonic()
            asked = min(max(until - begun, 0.0), 50.0)
            how = {"waitMs": math.ceil(asked * 1000)} if asked > 0 else {}
            got = self.post(operation, {**body, **how}, repeatable=True, timeout=asked)
            now = time.monotonic()
            if got is not None or now >= until:
                return got
            # A server that ends answers early.
            if now - begun < asked / 2:
                time.sleep(0.1)

    def ack(self, message: str, *, score: Optional[float] = None, note: Optional[str] = None) -> Settled:
        """By a receipt, or the id of a message that the acting agent holds."""
        return self._settles("ack", message, {"score": score, "note": note})

    def nack(self, message: str, *, reason: Optional[str] = None, delay: Optional[Span] = None, dead: Optional[bool] = None,
             free: Optional[bool] = None) -> Settled:  # fmt: skip
        """Gives it back. `dead`: to the dead-letter queue; `free`: the attempt does not count."""
        return self._settles("nack", message, {"reason": reason, "dead": dead, "free": free, **_span("delay", delay)})

    def renew(self, message: str, *, lease: Optional[Span] = None) -> Settled:
        return self._settles("renew", message, _span("lease", lease))

    def _settles(self, operation: str, message: str, how: Json) -> Settled:
        said = {"message": message, **{name: value for name, value in how.items() if value is not None}}
        body, headers = _dumps(said, operation).encode(), {"Content-Type": "application/json"}
        answer = self._ask("POST", _path(operation), body, True, self.timeout, headers, operation)
        try:
            return cast(Settled, answer.value())
        except DreamosError as error:
            # Of a receipt, which is used once, this tells that the first time was heard.
            if not answer.is_repeat or error.code != "ALREADY_SETTLED":
                raise
            id = cast("re.Match[str]", _ID.search(message))[0]
            entry = self.show(id, message.partition(":")[0])["entries"][0]
            return cast(Settled, {"receipt": message, **entry})

    # Looking: nothing is claimed.

    def peek(self, mailbox: Optional[str] = None, *, limit: int = 1, **filters: Any) -> List[Json]:
        return cast(List[Json], self.get("peek", mailbox=mailbox, limit=limit, **filters)["items"])

    def list(self, mailbox: Optional[str] = None, *, state: Union[str, Sequence[str], None] = None, **filters: Any) -> Iterator[Entry]:
        """Messages by their state: ready, inflight, delayed, dead, archived."""
        return self.pages("list", mailbox=mailbox, state=state, **filters)

    def show(self, id: str, mailbox: Optional[str] = None) -> Shown:
        return cast(Shown, self.get("show", id=id, mailbox=mailbox))

    def thread(self, id: str) -> Iterator[Shown]:
        return self.pages("thread", id=id)

    def search(self, text: str, mailbox: Optional[str] = None, **filters: Any) -> Iterator[Entry]:
        return self.pages("search", text=text, mailbox=mailbox, **filters)

    def status(self, *mailboxes: str) -> Iterator[MailboxStatus]:
        return self.pages("status", mailbox=mailboxes)

    def agents(self) -> Iterator[Agent]:
        return self.pages("agent.list")

    # Following.

    def watch(self, *mailboxes: str, since: Optional[str] = None, wait: Optional[Span] = None, count: Optional[int] = None) -> Iterator[Event]:
        """What happens, from now on or behind a cursor (`since`; "start": from the oldest event that is kept). It goes on by
        itself where a server went away. `wait`: ends when nothing came for so long; `count`: behind so many."""
        return self._follows("watch", {"mailbox": mailboxes}, since, wait, count)

    def listen(self, *topics: str, since: Optional[str] = None, wait: Optional[Span] = None, count: Optional[int] = None) -> Iterator[Heard]:
        """What is published to topics, or patterns of topics; `since` may be a duration ago ("10m")."""
        return self._follows("listen", {"topic": topics}, since, wait, count)

    def _follows(self, operation: str, query: Json, since: Optional[str], wait: Optional[Span], count: Optional[int],
                 is_over: Callable[[], bool] = lambda: False) -> Generator[Any, None, None]:  # fmt: skip
        quiet = None if wait is None else _seconds(wait)
        patient = _Patience(self)
        heard = time.monotonic()
        while True:
            how = {**_span("wait", quiet), "since": since, "count": count}
            try:
                for cursor, value in self._streams(_path(operation) + _query({**query, **how})):
                    patient.rest()
                    since = cursor or since
                    if value is None:
                        continue
                    heard = time.monotonic()
                    if count is not None:
                        count -= 1
                    yield value
                    if count == 0:
                        return
                    heard = time.monotonic()
                # It ends where it is to, and where the server does.
                if is_over() or (quiet is not None and time.monotonic() - heard > quiet - 0.05):
                    return
            except (_Broken, DreamosError) as error:
                patient.wait_or_raise(error)
            else:
                time.sleep(0.1)

    def _streams(self, path: str) -> Iterator[Tuple[Optional[str], Any]]:
        """Cursors and what is told with them. Raises _Broken."""
        connection, response = self._wire.open(path, self.timeout)
        try:
            if response.status != 200:
                _Answer(response.status, response.headers, response.read()).value()
                return
            self._has_answered = True
            connection_socket = connection.sock or getattr(getattr(response.fp, "raw", None), "_sock", None)
            if connection_socket is not None:
                connection_socket.settimeout(_SILENT_SECONDS)
            for kind, cursor, data in _frames(response):
                value: Any = json.loads(data) if data else None
                if kind == "warning":
                    self._warn(value["warning"])
                elif kind == "problem":
                    raise DreamosError(value["code"], value["detail"], value["hint"], value["status"])
                else:
                    yield cursor, value
        except (OSError, http.client.HTTPException) as error:
            raise _Broken(str(error) or type(error).__name__) from error
        finally:
            response.close()
            connection.close()

    # One request.

    def _call(self, method: str, path: str, body: Optional[bytes], repeatable: bool, longer: float, what: str = "") -> Any:
        headers = {} if body is None else {"Content-Type": "application/json"}
        return self._ask(method, path, body, repeatable, self.timeout + longer, headers, what).value()

    def _ask(self, method: str, path: str, body: Optional[bytes], repeatable: bool, timeout: float,
             headers: Mapping[str, str], what: str) -> _Answer:  # fmt: skip
        patient = _Patience(self)
        is_repeat = False
        while True:
            try:
                answer = self._wire.ask(method, path, body, headers, timeout)
            except _Broken as error:
                if not repeatable:
                    raise _uncertain(what, str(error)) from error
                is_repeat = True
                patient.wait_or_raise(error)
            except DreamosError as error:
                # It was never asked.
                patient.wait_or_raise(error)
            else:
                self._has_answered = True
                if answer.is_busy:
                    patient.wait_or_raise(answer.error())
                    continue
                for text in json.loads(unquote(answer.headers.get("Dreamos-Warning", "[]"))):
                    self._warn(text)
                return replace(answer, is_repeat=is_repeat)


class _Patience:
    """How long it is tried again."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.rest()

    def rest(self) -> None:
        self._until: Optional[float] = None
        self._pause = 0.05

    def wait_or_raise(self, error: Exception) -> None:
        client = self._client
        now = time.monotonic()
        if isinstance(error, DreamosError) and error.code not in ("SERVER_UNREACHABLE", "SERVER_BUSY"):
            raise error
        self._until = now + client.patience if self._until is None else self._until
        if not client._has_answered or now + self._pause > self._until:
            if isinstance(error, DreamosError):
                raise error
            raise DreamosError("SERVER_UNREACHABLE", f"The server went away: {error}.", "dreamos serve status") from error
        time.sleep(self._pause)
        self._pause = min(self._pause * 2, 1.0)


def _uncertain(what: str, why: str) -> DreamosError:
    if what != "send":
        message = f"The server went away before it had answered ({why}): nobody knows whether it was done."
        return DreamosError("SERVER_UNREACHABLE", message, "Look before you do it again")
    message = f"The server went away before it had answered ({why}): the message may or may not be sent."
    return DreamosError("SEND_UNCERTAIN", message, "Look before you repeat it; with a dedupe_key it is repeated for you")


def _frames(response: http.client.HTTPResponse) -> Iterator[Tuple[str, Optional[str], str]]:
    """Server-Sent Events: their kind, id and data."""
    rest = b""
    kind, cursor, data = "", None, ""
    while True:
        chunk = response.read1(65536)
        if not chunk:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            name, _, value = line.decode().partition(":")
            value = value[1:] if value.startswith(" ") else value
            if line == b"":
                if data or cursor is not None:
                    yield kind, cursor, data
                kind, cursor, data = "", None, ""
            elif name == "event":
                kind = value
            elif name == "id":
                cursor = value
            elif name == "data":
                data += value


def _path(operation: str) -> str:
    return operation if operation.startswith("/") else "/v1/" + operation.replace(".", "/")


def _query(query: Mapping[str, Any]) -> str:
    said: List[Tuple[str, str]] = []
    for name, value in query.items():
        values = value if isinstance(value, (list, tuple)) else [value]
        key = "from" if name == "sender" else _camel(name)
        said += [(key, str(one).lower() if isinstance(one, bool) else str(one)) for one in values if one is not None]
    return "?" + urlencode(said) if said else ""


def _draft(to: Union[str, Sequence[str], Draft, None], body: Union[str, Draft, None], more: Json) -> Json:
    given = next((one for one in (to, body) if isinstance(one, Draft)), None)
    if given is None:
        return Draft(to=cast(Any, to), body=cast(Any, body), **more).json()
    return {**given.json(), **Draft(**more).json()}


def _sent_or_error(line: Json) -> Union[Sent, DreamosError]:
    error = line.get("error")
    return cast(Sent, line) if error is None else DreamosError(error["code"], error["message"], error["hint"])


class Delivery:
    """A message that is claimed. As a context it is acked at the end, nacked by an exception with that as the reason, and
    given back free by Ctrl-C; a claim that was settled within is left as it is."""

    def __init__(self, client: Client, delivered: Json, lease: Optional[Span], renew: bool) -> None:
        self._client = client
        self._lease = lease
        self._renews = renew
        self._read_at = time.time()
        self._stop: Optional[threading.Event] = None
        self.receipt: str = delivered["receipt"]
        self.mailbox: str = delivered["mailbox"]
        self.attempt: int = delivered["attempt"]
        self.lease_until: str = delivered["leaseUntil"]
        self.message: Message = delivered["message"]
        self.signature: Optional[str] = delivered.get("signature")
        """verified, unsigned or invalid; `None` where signatures are not looked at."""
        self.unsealed: bool = delivered.get("unsealed", False)
        self.settled: Optional[Settled] = None
        self.lost: Optional[DreamosError] = None
        """Why it is not renewed any more."""

    @property
    def id(self) -> str:
        return self.message["id"]

    @property
    def sender(self) -> str:
        return self.message["from"]

    @property
    def subject(self) -> str:
        return self.message["subject"]

    @property
    def body(self) -> str:
        return self.message["body"]

    @property
    def data(self) -> Any:
        return self.message["data"]

    def ack(self, *, score: Optional[float] = None, note: Optional[str] = None) -> Settled:
        return self._settle(self._client.ack(self.receipt, score=score, note=note))

    def nack(self, **how: Any) -> Settled:
        return self._settle(self._client.nack(self.receipt, **how))

    def reply(self, body: Union[str, Draft], *, ack: bool = False, **more: Any) -> Sent:
        """Answers it, and with `ack` finishes it then. It is sent once, however often its answer is lost on the way."""
        if not more.get("again"):
            more.setdefault("dedupe_key", f"reply:{self.id}")
        sent = self._client.reply(self.receipt, body, **more)
        if ack:
            self.ack()
        return sent

    def renew(self, lease: Optional[Span] = None) -> Settled:
        settled = self._client.renew(self.receipt, lease=self._lease if lease is None else lease)
        self.lease_until = settled["leaseUntil"]
        return settled

    def _settle(self, settled: Settled) -> Settled:
        self.settled = settled
        self._end_renewing()
        return settled

    def __enter__(self) -> "Delivery":
        if self._renews:
            self._stop = threading.Event()
            threading.Thread(target=self._keep_renewing, args=(self._stop,), daemon=True).start()
        return self

    def __exit__(self, kind: Any, error: Optional[BaseException], _: Any) -> None:
        self._end_renewing()
        if self.settled is not None:
            return
        if error is None:
            self.ack()
            return
        try:
            if isinstance(error, Exception):
                self.nack(reason=f"{type(error).__name__}: {error}"[:1000])
            else:
                self.nack(free=True)
        except DreamosError as failed:
            log.warning("%s of %s is not given back: %s", self.id, self.mailbox, failed)

    def _end_renewing(self) -> None:
        if self._stop is not None:
            self._stop.set()

    def _keep_renewing(self, stop: threading.Event) -> None:
        seconds = _time_of(self.lease_until) - self._read_at
        while not stop.wait(max(0.03, seconds / 3)):
            try:
                asked = time.time()
                seconds = _time_of(self.renew()["leaseUntil"]) - asked
            except DreamosError as error:
                if error.kind not in ("unreachable", "disk"):
                    self.lost = error
                    return


def _time_of(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Tasks:
    """What is to be done (`dreamos help tasks`)."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, title: str, *, deadline: Optional[Moment] = None, **more: Any) -> Task:
        """`more`: body, requires, depends_on, parent, priority, tags, data, thread, assign."""
        at = {} if deadline is None else {"deadline": _moment(deadline)}
        body = {("from" if name == "sender" else _camel(name)): value for name, value in more.items() if value is not None}
        return self._does("create", {"title": title, **at, **body})

    def list(self, *, state: Union[str, Sequence[str], None] = None, agent: Optional[str] = None, mine: Optional[bool] = None) -> Iterator[Task]:
        return self._client.pages("tasks.list", state=state, agent=agent, mine=mine)

    def show(self, id: str) -> Task:
        return cast(Task, self._client.get("tasks.show", id=id))

    def next(self, *, wait: Optional[Span] = None, lease: Optional[Span] = None) -> Optional[Task]:
        """Begins what the acting agent is to do next. `None`: there is nothing."""
        return cast(Optional[Task], self._client._polls("tasks.next", _span("lease", lease), wait))

    def accept(self, id: str, *, lease: Optional[Span] = None) -> Task:
        return self._does("accept", {"id": id, **_span("lease", lease)})

    def progress(self, id: str, *, percent: Optional[float] = None, note: Optional[str] = None, lease: Optional[Span] = None) -> Task:
        return self._does("progress", {"id": id, "percent": percent, "note": note, **_span("lease", lease)})

    def done(self, id: str, *, result: Optional[str] = None, data: Any = None) -> Task:
        return self._does("done", {"id": id, "result": result, "data": data})

    def fail(self, id: str, *, reason: Optional[str] = None) -> Task:
        return self._does("fail", {"id": id, "reason": reason})

    def cancel(self, id: str) -> Task:
        return self._does("cancel", {"id": id})

    def retry(self, id: str) -> Task:
        return self._does("retry", {"id": id})

    def assign(self, id: str, agent: Optional[str] = None) -> Task:
        return self._does("assign", {"id": id, "agent": agent})

    def watch(self, id: Optional[str] = None, *, since: Optional[str] = None, wait: Optional[Span] = None, count: Optional[int] = None) -> Iterator[Event]:
        """What happens to tasks; to one, until it is over."""

        def is_over() -> bool:
            return id is not None and self.show(id)["state"] in ("done", "failed", "cancelled")

        return self._client._follows("tasks.watch", {"id": id}, since, wait, count, is_over)

    def _does(self, what: str, body: Json) -> Task:
        said = {name: value for name, value in body.items() if value is not None}
        return cast(Task, self._client.post(f"tasks.{what}", said))


# --- without a server --------------------------------------------------------------------------------------------------


def find_root(root: Union[str, Path, None] = None) -> Path:
    """`root`, DREAMOS_ROOT, or runtime/agent_comms here or in a folder above. Raises ROOT_NOT_FOUND."""
    named = root or os.environ.get("DREAMOS_ROOT")
    here = Path(named) if named else Path.cwd()
    inside = Path("runtime", "agent_comms")
    for place in [here, here / inside] if named else [above / inside for above in (here, *here.parents)]:
        if (place / "format.json").is_file():
            return place.resolve()
    raise DreamosError("ROOT_NOT_FOUND", f"There is no dreamos root at {here}.", "dreamos init")


def drop(
    to: str,
    body: Union[str, Draft],
    *,
    sender: Optional[str] = None,
    root: Union[str, Path, None] = None,
    sync: bool = True,
    **more: Any,
) -> str:
    """Hands a message in by a file, for one mailbox, without any server or command: whoever reads there next takes it.

    `more` are the fields of a `Draft`; `sender` is DREAMOS_AGENT else. `sync`: it survives a power cut. What the settings of
    the root limit does not hold here, nor its policy. Returns the id that the message has (with a dedupe key that of the
    first one counts). Raises what `check_draft` does, ROOT_NOT_FOUND, AGENT_NOT_FOUND, AGENT_RETIRED, DISK_FAILED."""
    at = find_root(root)
    draft = _draft(None, body, {**more, "sender": sender or os.environ.get("DREAMOS_AGENT")})
    if not is_agent_name(to):
        raise DreamosError("NAME_INVALID", f"{to[:70]!r} cannot be an agent's name.")
    if "from" not in draft:
        raise DreamosError("USAGE", "It is not known who sends this message.", "sender=…, or set DREAMOS_AGENT")
    mailbox = _mailbox(at, to)
    check_draft({**draft, "to": mailbox.name})
    if draft.get("seal") or draft.get("sealSubject"):
        raise DreamosError("USAGE", "What is handed in by a file is not sealed: whoever may look there could read it.")
    unsaid = {name: value for name, value in draft.items() if name not in ("to", "allowEmpty", "durability")}
    id = new_id()
    text = _dumps({"id": id, **unsaid}, "draft").encode()
    if len(text) > _MOST_FILE_BYTES - 65536:
        raise DreamosError("MESSAGE_TOO_LARGE", f"The file would have {len(text)} bytes.", "Write it to a file and send its path")
    try:
        _hand_in(mailbox, f"{id}.json", text, sync)
    except OSError as error:
        raise DreamosError("DISK_FAILED", f"{error.filename}: {error.strerror}.") from error
    return id


def _hand_in(mailbox: Path, name: str, text: bytes, sync: bool) -> None:
    # A name in tmp/ that is known there: what a killed process leaves is swept away.
    written, handed_in = mailbox / "tmp" / name, mailbox / "drop" / name
    try:
        with open(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        # Whoever sees it sees it whole.
        os.rename(written, handed_in)
    except BaseException:
        written.unlink(missing_ok=True)
        raise
    if sync:
        folder = os.open(mailbox / "drop", os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _mailbox(root: Path, name: str) -> Path:
    try:
        about = json.loads((root / "format.json").read_bytes())
        if about.get("version") != 1 or about.get("engine", "files") != "files":
            raise DreamosError("FORMAT_TOO_NEW", f"{root} does not keep its mail as this file knows it.")
        mailboxes = root / "agent_mailboxes"
        # As with a send, a and A are one agent.
        mailbox = next((one for one in mailboxes.iterdir() if one.name.lower() == name.lower()), None)
        if mailbox is None or not (mailbox / "agent.json").is_file():
            raise DreamosError("AGENT_NOT_FOUND", f"There is no agent {name}.", f"dreamos agent register {name}")
        card = json.loads((mailbox / "agent.json").read_bytes())
    except OSError as error:
        raise DreamosError("DISK_FAILED", f"{error.filename}: {error.strerror}.") from error
    except ValueError as error:
        raise DreamosError("CORRUPT", f"A file of {root} is not JSON: {error}.", "dreamos doctor") from error
    if card.get("retiredAt"):
        raise DreamosError("AGENT_RETIRED", f"{mailbox.name} has retired.", "dreamos agent list")
    return mailbox
