"""Which part limits a configuration, by its figures. Pure: no process is asked for anything here."""

from __future__ import annotations

from typing import List, NamedTuple, Optional, Sequence, Tuple

from edge.bench.pipeline.figures import CameraFigures, Figures, LaneFigures

#: Of what was wished: with so much of it, all of it was analysed.
ENOUGH = 0.97
#: Of the time, of a core, or of all cores: with so much of it, that part could do no more.
FULL = 0.9
#: Of all cores: with less, what other programs take does not matter.
FEW = 0.15
_ALONE = "stop what else runs on this machine, and measure again"


class Verdict(NamedTuple):
    """``limit``: inference, source, decoding, processor, daemon, nothing or unknown; ``part``: the lane's device, the
    camera; ``advice``: what would help, empty where nothing needs help."""

    limit: str
    part: str
    words: str
    advice: str = ""


def verdict(figures: Figures) -> Verdict:
    """What limits it most."""
    working = [camera for camera in figures.cameras if camera.decoded > 0]
    if not working:
        return Verdict("unknown", "", "no camera brought a picture", "see what is said of each camera, or edge doctor")
    wished = sum(camera.wished for camera in working)
    analysed = sum(camera.analysed for camera in working)
    if analysed <= 0:
        return Verdict("unknown", "", "no picture was analysed", "see what is said of each model")
    if analysed >= ENOUGH * wished:
        return _all(figures, working)
    return _short(figures, f"{analysed:.1f} of {wished:.1f} pictures/s were analysed")


def _all(figures: Figures, cameras: Sequence[CameraFigures]) -> Verdict:
    """Everything that was wished of what came was analysed."""
    if not figures.fastest:
        slow = [camera for camera in cameras if camera.decoded < ENOUGH * camera.asked]
        if not slow:
            return Verdict("nothing", "", "by nothing: everything wished was analysed")
        if not _paced(slow):
            return _decoding(figures, slow)
        few = ", ".join(f"{c.name} brings {c.decoded:.1f} of {c.asked:g} pictures/s" for c in slow[:3])
        return Verdict("source", slow[0].name, f"by the source's own rate: {few}; everything that came was analysed")
    if all(camera.limits for camera in cameras):
        return Verdict("source", "", "by the source's own rate: every picture that came was analysed")
    return _decoding(figures, [camera for camera in cameras if not camera.limits])


def _paced(cameras: Sequence[CameraFigures]) -> bool:
    """Whether these bring all that they have, as far as one knows: nobody waits for their decoders."""
    return all(camera.cores < FULL and camera.limits for camera in cameras)


def _decoding(figures: Figures, cameras: Sequence[CameraFigures]) -> Verdict:
    full = " with all cores busy" if _machine_full(figures) else ""
    rate = sum(camera.decoded for camera in cameras)
    words = f"by decoding{full}: {rate:.0f} pictures/s are decoded, and all that is wished of them is analysed"
    return Verdict("decoding", cameras[0].name, words, "a second, smaller stream of the cameras; a hardware decoder")


def _short(figures: Figures, told: str) -> Verdict:
    """Less than was wished."""
    lane = _busiest(figures.lanes)
    full = _machine_full(figures)
    if lane is not None and (lane.busy >= FULL or (full and lane.device == "cpu" and lane.busy >= 0.5)):
        return _inference(lane, told, full, _others(figures))
    if figures.daemon >= FULL:
        return Verdict("daemon", "", f"by the daemon: it uses {figures.daemon:.0%} of one core; {told}",
                       "fewer pictures a second; fewer objects (objects:, min_score)")  # fmt: skip
    if figures.inference >= FULL and not full:
        words = "by the inference process: preparing pictures and reading boxes takes " \
                f"{figures.inference:.0%} of one core; {told}"  # fmt: skip
        return Verdict("inference", "loop", words, "size: near the network's own input; fewer pictures a second")
    if full:
        others = _others(figures)
        advice = "fewer cameras or pictures a second; a hardware decoder"
        return Verdict("processor", "", f"by the processor: all {figures.cores} cores are busy{others}; {told}",
                       f"{_ALONE}; {advice}" if others else advice)  # fmt: skip
    late = [camera for camera in figures.cameras if camera.cores >= FULL and camera.analysed < ENOUGH * camera.wished]
    if late:
        words = f"by decoding: the process of {late[0].name} uses {late[0].cores:.0%} of one core; {told}"
        return Verdict("decoding", late[0].name, words, "a second, smaller stream of that camera; a hardware decoder")
    return Verdict("unknown", "", f"no part was busy all the time, and yet {told}", "run it longer (--seconds)")


def _busiest(lanes: Sequence[LaneFigures]) -> Optional[LaneFigures]:
    return max(lanes, key=lambda lane: lane.busy, default=None)


def _others(figures: Figures) -> str:
    """What other programs take of the processor, where that is worth a word."""
    others = figures.machine - figures.capture - figures.inference - figures.daemon
    return f", other programs take {others:.0%} of {figures.cores * 100} %" if others >= FEW * figures.cores else ""


def _inference(lane: LaneFigures, told: str, full: bool, others: str) -> Verdict:
    where = device_words(lane.device)
    busy = f"the {'lane' if lane.lanes == 1 else 'lanes'} of {lane.model} {'is' if lane.lanes == 1 else 'are'} busy"
    on_cpu = full and lane.device == "cpu"
    shared = f", which decoding shares with it (all cores are busy{others})" if on_cpu else ""
    advice = "a smaller model, or fewer pictures a second (fps)"
    if on_cpu and others:
        advice = f"{_ALONE}; {advice}"
    if lane.device == "cpu":
        advice += "; a GPU"
    return Verdict("inference", lane.device, f"by inference on {where}: {busy} {lane.busy:.0%}{shared}; {told}", advice)


def device_words(device: str) -> str:
    """``the GPU``, ``the GPU and the DLA``."""
    return " and ".join("the " + kind.upper() for kind in device.split("+"))


def _machine_full(figures: Figures) -> bool:
    return figures.machine >= FULL * figures.cores


class Fits(NamedTuple):
    """How many cameras like these, at the rates that the configuration wishes of them, this machine carries.

    ``cameras``: None where it cannot be told. ``limit``: processor or a lane's model and device. ``share``: of that
    part, which the configuration's own cameras need: ``own`` of them, those that brought pictures.
    """

    cameras: Optional[int]
    limit: str
    share: float
    own: int
    note: str = ""


def fits(figures: Figures, decoded_s: float, analysed_s: float) -> Fits:
    """``decoded_s``, ``analysed_s``: CPU seconds of one decoded picture and of one that is analysed."""
    cameras = [camera for camera in figures.cameras if camera.decoded > 0]
    if not cameras or not analysed_s:
        return Fits(None, "", 0.0, len(cameras), "too little was measured")
    brought = [camera.source for camera in cameras if camera.source is not None]
    if len(brought) < len(cameras):
        return Fits(None, "", 0.0, len(cameras), "it is not known how many pictures a second the files hold")
    rates = [min(camera.asked, source) for camera, source in zip(cameras, brought)]
    cpu_s = decoded_s * sum(brought) + analysed_s * sum(rates)
    needs: List[Tuple[float, str]] = [(cpu_s / (FULL * figures.cores), "processor")]
    total = sum(camera.analysed for camera in cameras)
    for lane in figures.lanes:
        if lane.device != "cpu" and lane.rate and total:
            # Each model looks at a share of the pictures, and that stays.
            wished = sum(rates) * lane.rate / total
            needs.append((wished * lane.picture_ms / 1e3 / (FULL * lane.lanes), f"{lane.model} on {lane.device}"))
    share, limit = max(needs)
    return Fits(int(len(cameras) / share) if share else None, limit, share, len(cameras))
