"""Looks at elements and runs pipelines in a process of its own, on any Python with gi (3.6 too), and prints JSON.

    probe.py inspect ELEMENT…
    probe.py run '{"line": "… ! appsink name=sink", "pads": ["nvv4l2decoder0.src"], …}'
    probe.py cycle '{"line": "…", "times": 200}'

Keys of a run: ``frames`` (how many to take at most), ``data`` (a file for what the frames hold), ``set`` ([after so
many frames, element, property, value]…), ``seconds`` (bound), ``pads`` and ``values``: element.pad and
element.property, looked at in the end.
"""

import json
import os
import sys
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import GLib, GObject, Gst, GstApp  # noqa: E402, F401


def describe_property(element, spec):
    """Type, value at first, range and choices."""
    found = {"type": spec.value_type.name, "writable": bool(spec.flags & GObject.ParamFlags.WRITABLE)}
    kind = type(spec).__name__
    if hasattr(spec, "minimum"):
        found["range"] = [spec.minimum, spec.maximum]
    # Not every version's binding can read an array.
    value = None if spec.value_type.name == "GstValueArray" else element.get_property(spec.name)
    if "Enum" in kind or GObject.type_is_a(spec.value_type, GObject.TYPE_ENUM):
        found["type"] = "enum"
        found["values"] = {str(int(n)): v.value_nick for n, v in type(value).__enum_values__.items()}
        value = int(value)
    found["default"] = value
    return found


def inspect(name):
    factory = Gst.ElementFactory.find(name)
    if factory is None:
        return None
    element = factory.create(None)
    inherited = {"name", "parent"}
    for ancestor in GObject.type_parent(type(element).__gtype__), GObject.type_from_name("GstElement"):
        if ancestor.name != "NvSimulatedEncoder":
            inherited |= {spec.name for spec in GObject.list_properties(ancestor)}
    return {
        "rank": int(factory.get_rank()),
        "klass": factory.get_metadata("klass"),
        "longname": factory.get_metadata("long-name"),
        "templates": {t.name_template: t.get_caps().to_string() for t in factory.get_static_pad_templates()},
        "properties": {
            spec.name: describe_property(element, spec)
            for spec in GObject.list_properties(type(element).__gtype__)
            if spec.name not in inherited
        },
    }


def describe_message(message):
    found = {"type": Gst.MessageType.get_name(message.type), "source": message.src.get_name(), "at": time.time()}
    if message.type == Gst.MessageType.ERROR:
        error, debug = message.parse_error()
        found.update(domain=error.domain, code=error.code, text=error.message, debug=debug)
    return found


def take(sink, wish, data, pipeline):
    """Up to ``frames`` of them, each with its times, and its bytes into ``data``."""
    frames = []
    end = time.time() + wish.get("seconds", 60)
    while len(frames) < wish.get("frames", 1 << 30) and time.time() < end:
        sample = sink.emit("try-pull-sample", 100 * Gst.MSECOND)
        if sample is None:
            if sink.get_property("eos") or failed(pipeline):
                break
            continue
        buffer = sample.get_buffer()
        frames.append({"pts": buffer.pts, "size": buffer.get_size(), "caps": sample.get_caps().to_string()})
        frames[-1]["at"] = time.time()
        held = buffer.map(Gst.MapFlags.READ)[1]
        data.write(bytes(held.data))
        buffer.unmap(held)
        for after, element, key, value in wish.get("set", []):
            if after == len(frames):
                Gst.util_set_object_arg(pipeline.get_by_name(element), key, str(value))
    return frames


def failed(pipeline):
    """Whether there is an error on the bus; it stays there."""
    message = pipeline.get_bus().peek()
    return message is not None and message.type in (Gst.MessageType.ERROR, Gst.MessageType.EOS)


def run(wish):
    try:
        pipeline = Gst.parse_launch(wish["line"])
    except GLib.Error as e:
        return {"unlinked": e.message}
    # What is not asked after would stand before it on the bus.
    bus = pipeline.get_bus()
    kinds = (Gst.MessageType.ERROR, Gst.MessageType.EOS)
    bus.set_sync_handler(lambda _bus, m: Gst.BusSyncReply.PASS if m.type in kinds else Gst.BusSyncReply.DROP)
    began = time.time()
    pipeline.set_state(Gst.State.PLAYING)
    sink = pipeline.get_by_name("sink")
    with open(wish.get("data", os.devnull), "wb") as data:
        frames = take(sink, wish, data, pipeline) if sink is not None else []
    wait = 0 if len(frames) >= wish.get("frames", 1 << 30) else wish.get("seconds", 60)
    message = bus.timed_pop_filtered(int(wait * Gst.SECOND), kinds[0] | kinds[1])
    messages = []
    while message is not None:
        messages.append(describe_message(message))
        message = bus.timed_pop_filtered(Gst.SECOND // 2 if messages[-1]["type"] == "error" else 0, kinds[0] | kinds[1])
    pads = {}
    for name in wish.get("pads", []):
        element, pad = name.split(".")
        caps = pipeline.get_by_name(element).get_static_pad(pad).get_current_caps()
        pads[name] = caps.to_string() if caps is not None else None
    values = {}
    for name in wish.get("values", []):
        element, key = name.split(".")
        values[name] = pipeline.get_by_name(element).get_property(key)
    pipeline.set_state(Gst.State.NULL)
    return {"frames": frames, "messages": messages, "pads": pads, "values": values, "began": began}


def rss_kib():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4


def cycle(wish):
    """Start and stop a pipeline again and again; the memory in use after each time, in KiB."""
    used = []
    for _ in range(wish["times"]):
        pipeline = Gst.parse_launch(wish["line"])
        pipeline.set_state(Gst.State.PLAYING)
        bus = pipeline.get_bus()
        message = bus.timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.ERROR | Gst.MessageType.EOS)
        assert message is not None and message.type == Gst.MessageType.EOS, message and message.parse_error()
        pipeline.set_state(Gst.State.NULL)
        del message, bus, pipeline
        used.append(rss_kib())
    return {"rss_kib": used}


if __name__ == "__main__":
    Gst.init(None)
    if sys.argv[1] == "inspect":
        answer = {name: inspect(name) for name in sys.argv[2:]}
    else:
        answer = {"run": run, "cycle": cycle}[sys.argv[1]](json.loads(sys.argv[2]))
    # The elements print to stdout as the real ones do: the answer is the last line.
    print("\n" + json.dumps(answer, default=str))
