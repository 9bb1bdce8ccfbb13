#!/usr/bin/env python3
"""Trains, exports, checks and evaluates the small person detector in models/person (docs/person-model.md).

    python scripts/train_person.py               # label, train, export, check, evaluate
    python scripts/train_person.py --evaluate    # the table of the file that is there
    python scripts/train_person.py --check       # its size, versions and layers only

Training needs torch; all else numpy, onnx, onnxruntime and opencv-python-headless. It runs on a CPU.
"""
import argparse
import hashlib
import importlib.util
import math
import os
import pathlib
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
MIN_SCORE = 0.4

try:
    import person_check
    import person_data
    from person_data import MaterialError, Picture
except ImportError as missing:
    sys.exit(f"{missing.name} is missing: pip install numpy onnx onnxruntime opencv-python-headless")

SPEC = """\
# A small person detector, for trying out: see docs/person-model.md. Written by scripts/train_person.py.
onnx: person.onnx
sha256: {sha256}
licence: Apache-2.0
description: People in one wide picture, distilled from FastestDet on a single square; for demonstrations and tests only
input: {{color: bgr, scale: 0.00392157, fit: stretch}}
output: {{decoder: yolox, nms_iou: 0.45}}
labels: [person]
min_score: {min_score}
"""


def gather(arguments):
    """The training material, labelled by the teacher (the labels are kept under --work)."""
    from person_augment import Material, cutouts

    video = arguments.video
    folders = [pathlib.Path(folder) for folder in arguments.pictures]
    if video is None:
        samples = person_data.samples_folder(arguments.work)
        video, folders = samples / "vtest.avi", [samples, *folders]
    for folder in folders:
        if not folder.is_dir():
            raise MaterialError(f"--pictures {folder} is no folder")
    teacher, cache = person_data.Teacher(arguments.teacher, 1), arguments.work / "labels"
    frames = person_data.read_video(video, person_data.TRAIN_FRAMES)
    still = person_data.background(frames)
    scenes = []
    for frame, boxes in zip(frames, person_data.label_all(teacher, frames, cache)):
        scenes.append(Picture(frame, person_data.tidy(boxes[person_data.moving(boxes, frame, still)])))
    person_data.doubt_odd_sizes(scenes)
    pictures = person_data.read_pictures(folders)
    labels = person_data.label_all(teacher, pictures, cache)
    labelled = [Picture(image, boxes) for image, boxes in zip(pictures, labels)]
    for picture in labelled:        # no still background helps here: doubtful finds are neither people nor nobody
        picture.boxes = person_data.tidy(picture.boxes)
        picture.boxes[(picture.boxes[:, 4] >= 0.25) & (picture.boxes[:, 4] < 0.5), 4] = -1
    others = [picture for picture in labelled if picture.boxes[:, 4].max(initial=0) >= 0.5]
    nobody = [picture.image for picture in labelled if (abs(picture.boxes[:, 4]) < 0.25).all()]
    people = cutouts(scenes, still)
    print(f"{len(scenes)} frames, {sum((s.boxes[:, 4] >= 0.4).sum() for s in scenes)} people in them, "
          f"{len(people)} cut out; {len(others)} pictures with people, {len(nobody)} without", flush=True)
    return Material(scenes, others, nobody + [still] * max(1, len(nobody) // 2), people)


def train(material, arguments):
    """The trained network: the moving average of its weights, in evaluation mode."""
    import copy

    import torch
    from person_augment import sample
    from person_net import PersonNet, loss

    class Samples(torch.utils.data.Dataset):
        """Sample numbers 0 to steps * batch."""

        def __len__(self):
            return arguments.steps * arguments.batch

        def __getitem__(self, index):
            return sample(material, arguments.seed, index)

    torch.manual_seed(arguments.seed)
    net = PersonNet().to(memory_format=torch.channels_last).train()
    average, warm = copy.deepcopy(net).eval(), max(1, min(200, arguments.steps // 10))
    decayed = [p for p in net.parameters() if p.ndim > 1]
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.02},
                                   {"params": [p for p in net.parameters() if p.ndim == 1], "weight_decay": 0.0}])
    # One thread in a worker: OpenCV's own pool does not survive the fork.
    loader = torch.utils.data.DataLoader(Samples(), arguments.batch, num_workers=arguments.workers,
                                         worker_init_fn=lambda _: person_data.cv2.setNumThreads(0))
    begin, sums = time.monotonic(), {}
    for step, (images, wanted) in enumerate(loader):
        pace = min((step + 1) / warm, 0.5 + 0.5 * math.cos(math.pi * step / arguments.steps))
        for group in optimiser.param_groups:
            group["lr"] = arguments.rate * max(pace, 0.01)
        images = images.permute(0, 3, 1, 2).float() / 255      # as it lies: channels last
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=arguments.bf16):
            maps = net.raw(images)
        parts = loss(maps, wanted)
        total = sum(parts.values())
        optimiser.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 10.0)
        optimiser.step()
        keep = min(0.998, (step + 1) / (step + 20))
        with torch.no_grad():
            for old, new in zip(average.state_dict().values(), net.state_dict().values()):
                old.lerp_(new, 1 - keep) if old.is_floating_point() else old.copy_(new)
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + float(value)
        if step % 50 == 49 or step + 1 == arguments.steps:
            spent = time.monotonic() - begin
            left = spent / (step + 1) * (arguments.steps - step - 1)
            text = " ".join(f"{name} {value / (step % 50 + 1):.3f}" for name, value in sums.items())
            print(f"step {step + 1}/{arguments.steps}  {text}  {spent / 60:.1f} min, {left / 60:.1f} to go", flush=True)
            sums = {}
    return average


def export(net, folder: pathlib.Path) -> None:
    """Writes person.onnx and model.yaml, each put in place at once, after the check has passed."""
    import onnx
    import torch
    from person_augment import HEIGHT, WIDTH
    from person_net import Exported

    folder.mkdir(parents=True, exist_ok=True)
    fresh, names = folder / ".person.onnx.new", ["level8", "level16"]
    torch.onnx.export(Exported(net.to(memory_format=torch.contiguous_format)).eval(),
                      torch.zeros(1, 3, HEIGHT, WIDTH), str(fresh), opset_version=13, dynamo=False,
                      input_names=["images"], output_names=names,
                      dynamic_axes={name: {0: "batch"} for name in ["images", *names]})
    model = onnx.load(str(fresh))
    model.ir_version = 7
    for node in [node for node in model.graph.node if node.op_type == "Constant"]:
        tensor = node.attribute[0].t
        tensor.name = node.output[0]
        model.graph.initializer.append(tensor)
        model.graph.node.remove(node)
    del model.graph.value_info[:]
    model = onnx.shape_inference.infer_shapes(model)
    for value in model.graph.value_info:      # inference does not carry the name through Resize
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.save(model, str(fresh))
    wrong = person_check.check(fresh)
    if wrong:
        raise MaterialError(f"the exported {fresh} breaks the rules: " + "; ".join(wrong))
    (folder / ".model.yaml.new").write_text(SPEC.format(
        sha256=hashlib.sha256(fresh.read_bytes()).hexdigest(), min_score=MIN_SCORE))
    os.replace(str(fresh), str(folder / "person.onnx"))
    os.replace(str(folder / ".model.yaml.new"), str(folder / "model.yaml"))


def evaluate(arguments) -> None:
    """Prints the held-out figures of the file in --out."""
    video = arguments.video or person_data.samples_folder(arguments.work) / "vtest.avi"
    still = person_data.background(person_data.read_video(video, person_data.TRAIN_FRAMES))
    frames = person_data.read_video(video, person_data.HELD_OUT_FRAMES)
    person_data.cv2.setNumThreads(1)
    student = person_check.Student(arguments.out / "person.onnx", 1)
    teacher = person_data.Teacher(arguments.teacher, 1)
    print(f"{len(frames)} held-out frames, against FastestDet at 0.5, IoU >= 0.5\n")
    print("          | what moves: people            | all, with posts and cones | ours on")
    print("threshold | recall  precision  (ref. 0.3) | recall  precision         | still things a frame")
    for row in person_check.compare(student, teacher, frames, still, (0.3, 0.35, 0.4, 0.45, 0.5, 0.6)):
        print("{:9.2f} | {:6.3f}  {:9.3f}  {:10.3f} | {:6.3f}  {:9.3f}         | {:.2f}".format(*row))
    print("\none picture, one CPU thread: {:.2f} ms (FastestDet {:.2f} ms)".format(
        *person_check.milliseconds(student, teacher, frames[0])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--evaluate", action="store_true", help="check and measure the file in --out, no training")
    mode.add_argument("--check", action="store_true", help="check size, versions and layers of the file in --out")
    parser.add_argument("--teacher", type=pathlib.Path, default=ROOT.parent / "shared/models/FastestDet.onnx")
    parser.add_argument("--video", type=pathlib.Path, help="vtest.avi; without, from Debian's package opencv-doc")
    parser.add_argument("--pictures", action="append", default=[], help="a folder of further pictures; repeatable")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "person-model",
                        help="where the package and the labels are kept (%(default)s)")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "models/person")
    parser.add_argument("--steps", type=int, default=1600)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=0.004, help="highest learning rate (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2, help="processes that make samples")
    parser.add_argument("--bf16", action="store_true", help="train in bfloat16: twice as fast where the CPU has it")
    arguments = parser.parse_args()
    try:
        if not (arguments.evaluate or arguments.check):
            if importlib.util.find_spec("torch") is None:
                raise MaterialError("training needs torch: pip install torch (the CPU build will do)")
            export(train(gather(arguments), arguments), arguments.out)
        if not all((arguments.out / name).is_file() for name in ("person.onnx", "model.yaml")):
            raise MaterialError(f"no person.onnx and model.yaml in {arguments.out}: train first")
        wrong = person_check.check(arguments.out / "person.onnx")
        digest = hashlib.sha256((arguments.out / "person.onnx").read_bytes()).hexdigest()
        if digest not in (arguments.out / "model.yaml").read_text():
            wrong.append(f"model.yaml names another file: this one's SHA-256 is {digest}")
        print("\n".join(wrong) or "check: size, versions and layers are as a Xavier's DLA wants them", flush=True)
        if not arguments.check:
            evaluate(arguments)
        sys.exit(1 if wrong else 0)
    except MaterialError as error:
        sys.exit(f"train_person: {error}")


if __name__ == "__main__":
    main()
