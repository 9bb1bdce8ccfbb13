"""What may be ordered by MQTT: from a message to a command, or to what is wrong with it.

Nothing here trusts the sender: whatever the bytes are, the answer is a command exactly as it is known, a refusal in
words of ours, or nothing.
"""

from __future__ import annotations

import json
from typing import Any, Container, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

#: The words, by where they may be said: at ``…/command/device`` or at ``…/command/cameras/<camera>``.
DEVICE = ("reload",)
CAMERA = ("enable", "disable", "snapshot")

MAX_PAYLOAD = 4096  # bytes
MAX_ID = 128  # characters
_MAX_SHOWN = 40  # characters of what somebody sent, in an answer
_MAX_WORDS = 500  # characters of an answer's words
_MAX_NAME = 64  # characters of a camera's name: edge.config.values.NAME_PATTERN


class Command(NamedTuple):
    """``camera`` is empty where it is the device's. ``id`` is the sender's own, to know the answer by."""

    word: str
    camera: str = ""
    id: str = ""


class Refusal(NamedTuple):
    """What is wrong, in words; the rest as far as it could be understood."""

    error: str
    word: str = ""
    camera: str = ""
    id: str = ""


def parse(
    tail: str, payload: bytes, retained: bool, allowed: Container[str], cameras: Container[str]
) -> Union[Command, Refusal, None]:
    """Judge a message. ``tail`` is its topic below ``…/command/``; ``cameras`` are the names that there are.

    None: it is not to be answered. A retained one is an old one, and an empty one is how it is taken away.
    """
    if retained or not payload:
        return None
    level, _, camera = tail.partition("/")
    words = {"device": DEVICE, "cameras": CAMERA}.get(level, ())
    if not words or bool(camera) != (level == "cameras"):
        return Refusal("commands are taken at command/device and at command/cameras/<camera>")
    known = len(camera) <= _MAX_NAME and camera in cameras
    camera_said = camera if known else ""
    try:
        word, sender_id = _read(payload)
    except _Wrong as wrong:
        return Refusal(str(wrong), camera=camera_said, id=wrong.id)
    if word not in words:
        other = "a camera" if word in CAMERA else "the device" if word in DEVICE else ""
        what = f"{word} is for {other}" if other else f"{shown(word)} is no command"
        return Refusal(f"{what}; here there are: {', '.join(words)}", camera=camera_said, id=sender_id)
    if word not in allowed:
        return Refusal(f"{word} is not among mqtt.commands of the configuration", word, camera_said, sender_id)
    if camera and not known:
        return Refusal(f"no camera is called {shown(camera)}", word, "", sender_id)
    return Command(word, camera, sender_id)


def answer(
    to: Union[Command, Refusal], time: str, error: Optional[str] = None, said: Optional[Dict[str, str]] = None
) -> bytes:
    """The payload of a reply: JSON. ``error``: why a command was not done; ``said``: what came of one."""
    error = to.error if isinstance(to, Refusal) else error
    reply: Dict[str, Any] = {"id": to.id, "command": to.word, "camera": to.camera}
    reply = {key: value for key, value in reply.items() if value}
    reply["ok"] = error is None
    words = said or {} if error is None else {"error": error}
    reply.update({key: _cut(text, _MAX_WORDS) for key, text in words.items()})
    reply["time"] = time
    return json.dumps(reply, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def filters(base: str, allowed: Sequence[str]) -> List[str]:
    """What to subscribe to, below ``base`` (``<prefix>/<device>``): nothing where nothing is allowed."""
    found = [f"{base}/command/device"] if any(word in allowed for word in DEVICE) else []
    return found + ([f"{base}/command/cameras/+"] if any(word in allowed for word in CAMERA) else [])


def shown(text: str) -> str:
    """What somebody sent, in quotes: short, and with nothing in it that cannot be seen."""
    return repr(_cut("".join(c if c.isprintable() else "?" for c in text[: _MAX_SHOWN + 1]), _MAX_SHOWN))


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else text[: size - 1] + "…"


class _Wrong(Exception):
    def __init__(self, words: str, sender_id: str = "") -> None:
        super().__init__(words)
        self.id = sender_id


def _read(payload: bytes) -> Tuple[str, str]:
    """Word and id. Raises _Wrong."""
    if len(payload) > MAX_PAYLOAD:
        raise _Wrong(f"longer than {MAX_PAYLOAD} bytes")
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        raise _Wrong("not UTF-8") from None
    if not text.lstrip().startswith("{"):
        return text, ""
    try:
        given = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):  # also of a key that comes twice, and of a number of too many digits
        raise _Wrong('neither a word nor JSON such as {"command": "reload", "id": "7"}') from None
    sender_id = given.get("id", "")
    if not isinstance(sender_id, str) or len(sender_id) > MAX_ID or not sender_id.isprintable():
        raise _Wrong(f"id is text of at most {MAX_ID} characters that can be printed")
    unknown = next((key for key in given if key not in ("command", "id")), None)
    if unknown is not None:
        raise _Wrong(f"{shown(unknown)} is no key; there are: command, id", sender_id)
    word = given.get("command")
    if not isinstance(word, str):
        raise _Wrong("command is a word", sender_id)
    return word, sender_id


def _once(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    """An object in which no key comes twice: which of the two would be meant?"""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found
