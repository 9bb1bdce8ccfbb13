"""docs/second-stage.md as it stands: faces of people, from a camera to the events at a broker."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

from edge.models.spec import read_spec
from scripts.servers import ROOT, Broker, RtspServer, wait_until
from tests.support.collector import Collector
from tests.system.harness import PATIENCE, Edge

jsonschema = pytest.importorskip("jsonschema")

PAGE = (ROOT / "docs" / "second-stage.md").read_text(encoding="utf-8")
#: By the name in its first line.
FILES = {block.splitlines()[0].lstrip("# "): block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)}


def test_the_models_of_the_page_can_be_read(tmp_path: Path) -> None:
    for name in ("faces", "helmet"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.yaml").write_text(FILES[f"{name}/model.yaml"])
    assert read_spec("./helmet", tmp_path).worker_dict()["output"] == {
        "decoder": "classify", "scores": None, "activation": "softmax",
    }  # fmt: skip
    assert read_spec("./faces", tmp_path).labels == ["face"]


@pytest.fixture
def site(shared: Path, tmp_path: Path) -> Path:
    """The page's folder of faces."""
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "model.yaml").write_text(FILES["faces/model.yaml"])
    (tmp_path / "faces" / "version-RFB-320.onnx").symlink_to(shared / "models" / "version-RFB-320.onnx")
    return tmp_path


def test_faces_of_people_are_told_with_them(
    shared: Path, the_broker: Broker, collector: Collector, device_name: Callable[[], str],
    make_edge: Callable[..., Edge], site: Path,
) -> None:  # fmt: skip
    device = device_name()
    schema = json.loads((ROOT / "docs" / "event.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    with RtspServer({"square": shared / "media" / "street-1080p30.mp4"}) as server:
        text = FILES["edge.yaml"].replace("gate-7", device).replace("10.0.0.20", f"127.0.0.1:{server.port}")
        text += f"    fps: 5\nmqtt: {{url: mqtt://127.0.0.1:{the_broker.port}}}\n"
        edge = make_edge(text, folder=site)
        assert edge.run("check", "-c", str(edge.config)).returncode == 0
        edge.start()

        def events() -> List[Dict[str, Any]]:
            return [m.json for m in collector.on(f"edge/{device}/cameras/square/events/+")]

        def with_faces() -> List[Dict[str, Any]]:
            return [event for event in events() if event.get("object", {}).get("attributes")]

        wait_until(with_faces, timeout=PATIENCE, what="a face in an event")
        status = edge.until(lambda s: s["cameras"][0]["pictures"] > 30 and s, "pictures")
    for event in events():
        validator.validate(event)
        # A face is no object, and no model of its own tells of it.
        assert event.get("model", "people") == "people" and event.get("object", {}).get("label") in (None, "person")
    for event in with_faces():
        (name, found), thing = *event["object"]["attributes"].items(), event["object"]
        assert (name, found["label"]) == ("faces", "face") and 0.7 <= found["score"] <= 1
        assert found["box"][0] < found["box"][2] and found["box"][1] < found["box"][3]
        if event["type"] == "object.update":
            # Where it was when it was looked at, a little while ago: beside the person or in it, and smaller.
            assert found["box"][3] - found["box"][1] < 1.2 * (thing["box"][3] - thing["box"][1])
    (camera,) = status["cameras"]
    assert {model["name"]: model["state"] for model in status["models"]} == {"people": "ready", "faces": "ready"}
    assert camera["fps_analysed"] <= 5.6, "looks are no pictures"
