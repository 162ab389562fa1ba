"""Writes Tests/Fixtures/tensorboard/events.bin with TensorBoard's own writer, from the numbers that
Tests/HonePlotsTests/EventFileTests.swift gives to ours, and reads a file back for looking at.

    python3 -m venv /tmp/tb && /tmp/tb/bin/pip install tensorboard==2.21.0
    /tmp/tb/bin/python Tests/Oracles/tensorboard_events.py            writes the fixture
    /tmp/tb/bin/python Tests/Oracles/tensorboard_events.py DIRECTORY  prints what TensorBoard reads from there
"""

import io
import pathlib
import sys

from tensorboard.backend.event_processing import event_accumulator
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

STEPS = [
    (0, 1700000000.5, {"loss": 5.25}),
    (1, 1700000001.25, {"grad_norm": 0.0, "loss": 4.0}),
    (300, 1700000002.0, {"kl": -1.5e-5, "reward/mean": float("inf")}),
    (2**31 - 1, 1700000003.0, {"Verlust_ä": 1 / 3, "entropy": float("nan")}),
]


def fixture() -> bytes:
    file = io.BytesIO()
    writer = RecordWriter(file)
    writer.write(event_pb2.Event(wall_time=1700000000.0, file_version="brain.Event:2").SerializeToString())
    for step, at, numbers in STEPS:
        values = [summary_pb2.Summary.Value(tag=name, simple_value=numbers[name]) for name in sorted(numbers)]
        event = event_pb2.Event(wall_time=at, step=step, summary=summary_pb2.Summary(value=values))
        writer.write(event.SerializeToString(deterministic=True))
    writer.flush()
    return file.getvalue()


def show(directory: str) -> None:
    events = event_accumulator.EventAccumulator(directory, size_guidance={"scalars": 0}).Reload()
    for tag in events.Tags()["scalars"]:
        points = events.Scalars(tag)
        (first, last) = (points[0], points[-1])
        print(f"{tag}: {len(points)} points, {first.step} {first.value} … {last.step} {last.value}")


if len(sys.argv) > 1:
    show(sys.argv[1])
else:
    target = pathlib.Path(__file__).parent.parent / "Fixtures/tensorboard/events.bin"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(fixture())
