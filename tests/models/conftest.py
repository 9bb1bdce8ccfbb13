"""A web server of the test's own, a place for models that is nobody else's, and small networks."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import pytest


class FileServer:
    """Serves ``files`` by path. ``answers`` is used up first, one for each request: a status, or how to misbehave.

    Misbehaving: "break" ends in the middle of the rest, "whole" ignores Range, "chunked" says no length, "shift" sends
    another part than the one asked for.
    """

    def __init__(self) -> None:
        self.files: Dict[str, bytes] = {}
        self.answers: List[Any] = []
        self.requests: List[Tuple[str, Optional[str]]] = []  # path, Range
        self.hold = threading.Event()  # cleared: answers wait
        self.hold.set()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        self._httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._httpd.server_address[1]}"
        self._thread = threading.Thread(target=self._httpd.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range")
        self.requests.append((handler.path, asked))
        how = self.answers.pop(0) if self.answers else "good"
        self.hold.wait(30)
        body = self.files.get(handler.path)
        if isinstance(how, int) or body is None:
            handler.send_error(how if isinstance(how, int) else 404)
            return
        start = int(asked[len("bytes=") : -1]) if asked and how != "whole" else 0
        if start >= len(body):
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{len(body)}")
            handler.end_headers()
            return
        rest = body[start:]
        handler.send_response(206 if start else 200)
        if start:
            first = start - 1 if how == "shift" else start
            handler.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        if how != "chunked":
            handler.send_header("Content-Length", str(len(rest)))
        handler.end_headers()
        handler.wfile.write(rest[: len(rest) // 2] if how == "break" else rest)

    def close(self) -> None:
        self.hold.set()
        self._httpd.shutdown()
        self._thread.join(10)
        self._httpd.server_close()


@pytest.fixture
def server() -> Iterator[FileServer]:
    made = FileServer()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state folder, empty, for this test alone; no model folder but the installation's."""
    folder = tmp_path / "state"
    monkeypatch.setenv("STATE_DIRECTORY", str(folder))
    monkeypatch.setattr("edge.models.folders.SYSTEM_STATE", tmp_path / "system")
    monkeypatch.delenv("EDGE_MODELS", raising=False)
    return folder


@pytest.fixture(scope="session")
def make_onnx() -> Callable[..., bytes]:
    """``make_onnx(inputs={"x": [1, 3, 4, 6]}, outputs={...}, weights={...})``: the bytes of a network."""
    onnx = pytest.importorskip("onnx")
    helper, kinds = onnx.helper, onnx.TensorProto

    def make(
        inputs: Optional[Dict[str, Any]] = None,
        outputs: Optional[Dict[str, Any]] = None,
        weights: Optional[Dict[str, int]] = None,
        kind: int = kinds.FLOAT,
    ) -> bytes:
        inputs = inputs or {"x": [1, 3, 48, 64]}
        outputs = outputs or {"y": [1, 8, 10]}
        tensors = [helper.make_tensor(n, kinds.FLOAT, [size], [0.5] * size) for n, size in (weights or {}).items()]
        graph = helper.make_graph(
            [helper.make_node("Identity", [next(iter(inputs))], [name]) for name in outputs],
            "graph",
            [helper.make_tensor_value_info(n, kind, shape) for n, shape in inputs.items()]
            + [helper.make_tensor_value_info(n, kinds.FLOAT, [size]) for n, size in (weights or {}).items()],
            [helper.make_tensor_value_info(n, kinds.FLOAT, shape) for n, shape in outputs.items()],
            tensors,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="test")
        return bytes(model.SerializeToString())

    return make
