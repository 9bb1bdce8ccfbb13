"""What each of these programs is told, what it tells of people, and the count of its pictures."""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any, Dict, List, NamedTuple

import paho.mqtt.client as mqtt

_COUNTED_EVERY_S = 0.5


class Job(NamedTuple):
    """``cameras``: names and URLs. ``fps``: pictures a second to analyse of each. ``onnx``: the model ``person``."""

    broker: int
    cameras: Dict[str, str]
    fps: float
    onnx: str
    score: float

    @classmethod
    def given(cls) -> Job:
        """From the command line."""
        return cls(**json.loads(sys.argv[1]))

    def words(self) -> str:
        return json.dumps(self._asdict())


class Publisher:
    """Tells the broker of people that a picture shows, and standard output how many pictures were analysed."""

    def __init__(self, job: Job) -> None:
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.connect("127.0.0.1", job.broker)
        self._client.loop_start()
        self._counts: Dict[str, int] = dict.fromkeys(job.cameras, 0)

    def tell(self, camera: str, picture: int, people: List[Dict[str, Any]]) -> None:
        """``picture``: its burnt-in number. Nothing goes out where there is nobody."""
        self._counts[camera] += 1
        if people:
            self._client.publish(f"bench/{camera}", json.dumps({"picture": picture, "objects": people}))

    def count(self) -> None:
        """Until the end."""
        while True:
            print(json.dumps({"at": time.monotonic(), "pictures": self._counts}), flush=True)
            time.sleep(_COUNTED_EVERY_S)


def each(names: Dict[str, str], run: Any) -> None:
    """A thread a camera."""
    for name, url in names.items():
        threading.Thread(target=run, args=(name, url), daemon=True).start()


def person(box: Any, score: float) -> Dict[str, Any]:
    """``box``: x1 y1 x2 y2 in fractions of the picture."""
    return {"label": "person", "score": round(float(score), 3), "box": [round(float(side), 4) for side in box]}
