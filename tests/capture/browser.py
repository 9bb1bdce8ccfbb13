"""A video in a real browser: what it says of it, and what it shows at some moments of it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence

from tests.support.worker import PATIENCE

_PAGE = """<!doctype html><meta charset=utf-8><video id=v muted playsinline></video><script>
const v = document.getElementById('v'), tell = what => fetch('/told', {method: 'POST', body: JSON.stringify(what)});
const event = name => new Promise((done, fail) => {
  v.addEventListener(name, done, {once: true});
  v.addEventListener('error', () => fail(new Error(name + ': ' + v.error.message)), {once: true});
});
function pixel() {
  const c = document.createElement('canvas');
  c.width = v.videoWidth; c.height = v.videoHeight;
  const g = c.getContext('2d', {willReadFrequently: true});
  g.drawImage(v, 0, 0);
  return Array.from(g.getImageData(c.width >> 1, c.height >> 1, 1, 1).data.slice(0, 3));
}
(async () => {
  const ready = event('loadeddata');
  v.src = URL.createObjectURL(await (await fetch('/clip.mp4')).blob());
  await ready;
  const found = {duration: v.duration, width: v.videoWidth, height: v.videoHeight, pixels: []};
  for (const at of MOMENTS) {
    const there = event('seeked');
    v.currentTime = at;
    await there;
    found.pixels.push(pixel());
  }
  const ended = event('ended');
  v.currentTime = 0;
  v.playbackRate = 4;
  await v.play();
  await ended;
  found.ended = v.ended;
  tell(found);
})().catch(error => tell({error: String(error)}));
</script>"""


def chromium() -> Optional[str]:
    """None where it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextlib.contextmanager
def _served(clip: Path, moments: Sequence[float], told: queue.Queue[Dict[str, Any]]) -> Iterator[str]:
    page = _PAGE.replace("MOMENTS", json.dumps(list(moments))).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data, kind = (clip.read_bytes(), "video/mp4") if self.path == "/clip.mp4" else (page, "text/html")
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def played(program: str, clip: Path, moments: Sequence[float], folder: Path) -> Dict[str, Any]:
    """Play it to its end: ``duration``, ``width``, ``height``, ``ended``, and the middle pixel at each moment."""
    told: queue.Queue[Dict[str, Any]] = queue.Queue()
    command: List[str] = [
        program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--disable-extensions", "--mute-audio",
        "--autoplay-policy=no-user-gesture-required", f"--user-data-dir={folder}",
    ]  # fmt: skip
    with _served(clip, moments, told) as url, open(folder.with_suffix(".log"), "wb") as log:
        browser = subprocess.Popen([*command, url], stdout=log, stderr=log, start_new_session=True)
        try:
            return told.get(timeout=PATIENCE)
        except queue.Empty:
            raise AssertionError(folder.with_suffix(".log").read_text()[-2000:]) from None
        finally:
            os.killpg(browser.pid, signal.SIGKILL)  # it is the leader of its own
            browser.wait()
