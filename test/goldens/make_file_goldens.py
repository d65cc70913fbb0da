"""
Writes test/goldens/files: safetensors files by hand, as the format's page has it (Debian has no python3-safetensors), and
what torch.save makes, with the numbers that are in them as values.json; also those of written.safetensors, which gradgpu
wrote (test/pure/io/safetensors.test.ts holds it to that). Run with PyTorch 1.13: Debian's python3-torch.

    /usr/bin/python3 test/goldens/make_file_goldens.py
"""
import io
import json
import pickle
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path

import torch

HERE = Path(__file__).parent / "files"
TYPES = {
    "BOOL": torch.bool,
    "U8": torch.uint8,
    "I8": torch.int8,
    "I16": torch.int16,
    "I32": torch.int32,
    "I64": torch.int64,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F32": torch.float32,
    "F64": torch.float64,
}
NAMES = {dtype: name for name, dtype in TYPES.items()}
# What torch 1.13 has no dtype for: as Python's struct has it.
UNSIGNED = {"U16": "H", "U32": "I", "U64": "Q"}


def data_of(tensor):
    contiguous = tensor.detach().contiguous().flatten()
    if contiguous.dtype == torch.bfloat16:
        # As the upper halves of the same numbers in f32.
        words = struct.unpack(f"<{contiguous.numel()}I", contiguous.float().numpy().tobytes())
        return struct.pack(f"<{len(words)}H", *[word >> 16 for word in words])
    return contiguous.numpy().tobytes()


def write_safetensors(path, tensors, metadata=None, padding=True):
    """tensors: name → (type, shape, bytes)."""
    header = OrderedDict()
    if metadata is not None:
        header["__metadata__"] = metadata
    at = 0
    for name, (kind, shape, data) in tensors.items():
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    if padding:
        text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(d for _, _, d in tensors.values()))


def read_safetensors(path):
    raw = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    out = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        data = bytearray(raw[8 + length + start : 8 + length + end])
        if entry["dtype"] in UNSIGNED:
            code = UNSIGNED[entry["dtype"]]
            values = list(struct.unpack(f"<{len(data) // struct.calcsize(code)}{code}", data))
        elif len(data) == 0:
            values = []
        else:
            values = torch.frombuffer(data, dtype=TYPES[entry["dtype"]]).tolist()
        out[name] = {"type": entry["dtype"], "shape": entry["shape"], "values": [shown(v) for v in values]}
    return {"metadata": metadata, "tensors": out}


def shown(value):
    """JSON has neither NaN nor infinities."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    return value


def as_json(tensor):
    # F64 is rounded as gradgpu rounds it: to the nearest f32.
    t = tensor.detach()
    values = t.float() if t.is_floating_point() else t
    return {
        "type": NAMES[t.dtype],
        "shape": list(t.shape),
        "values": [shown(v) for v in values.flatten().tolist()],
    }


def every_dtype():
    torch.manual_seed(1)
    floats = torch.tensor([0.0, -0.0, 1.0, -2.5, 3.14159265358979, 65504.0, 6e-8, 1e-3, float("inf"), float("-inf"), float("nan"), 1 / 3])
    tensors = OrderedDict()
    for name in ["F64", "F32", "F16", "BF16"]:
        tensors[f"floats.{name}"] = floats.double().to(TYPES[name]).reshape(3, 4)
    tensors["whole.I64"] = torch.tensor([[0, 1, -1], [2**31 - 1, -(2**31), 77]])
    tensors["whole.I32"] = torch.tensor([0, 1, -1, 2**31 - 1, -(2**31)], dtype=torch.int32)
    tensors["whole.I16"] = torch.tensor([0, 1, -1, 32767, -32768], dtype=torch.int16)
    tensors["whole.I8"] = torch.tensor([0, 1, -1, 127, -128], dtype=torch.int8)
    tensors["whole.U8"] = torch.tensor([0, 1, 255, 128], dtype=torch.uint8)
    tensors["yes"] = torch.tensor([[True, False], [False, True]])
    tensors["scalar"] = torch.tensor(0.1)
    tensors["nothing"] = torch.zeros(0, 3)
    return tensors


def model():
    torch.manual_seed(2)
    return torch.nn.Sequential(
        OrderedDict(
            embedding=torch.nn.Embedding(7, 3),
            lstm=torch.nn.LSTM(3, 4),
            norm=torch.nn.BatchNorm1d(4),
            linear=torch.nn.Linear(4, 2),
        )
    )


def byte_swapped(data, size):
    return b"".join(data[i : i + size][::-1] for i in range(0, len(data), size))


def big_endian(path, tensor):
    """What torch saves on a machine that stores the high byte first: torch says so since 2.1."""
    buffer = io.BytesIO()
    torch.save({"w": tensor}, buffer)
    source = zipfile.ZipFile(buffer)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as out:
        for info in source.infolist():
            data = source.read(info)
            if "/data/" in info.filename:
                data = byte_swapped(data, tensor.element_size())
            out.writestr(zipfile.ZipInfo(info.filename), data)
        out.writestr(zipfile.ZipInfo("archive/byteorder"), b"big")


class Evil:
    def __reduce__(self):
        return (print, ("evaluated",))


def main():
    HERE.mkdir(exist_ok=True)
    values = {}

    tensors = every_dtype()
    stored = OrderedDict((name, (NAMES[t.dtype], t.shape, data_of(t))) for name, t in tensors.items())
    unsigned = {"U16": [0, 1, 65535], "U32": [0, 1, 2**32 - 1], "U64": [0, 1, 2**32 - 1]}
    shown_values = {name: as_json(t) for name, t in tensors.items()}
    for kind, numbers in unsigned.items():
        data = struct.pack(f"<{len(numbers)}{UNSIGNED[kind]}", *numbers)
        stored[f"whole.{kind}"] = (kind, [3], data)
        shown_values[f"whole.{kind}"] = {"type": kind, "shape": [3], "values": numbers}
    metadata = {"format": "pt", "über": "ταῦτα \U0001f600 \"quoted\" \\ \n"}
    write_safetensors(HERE / "every.safetensors", stored, metadata)
    values["every.safetensors"] = {"metadata": metadata, "tensors": shown_values}

    state = model().state_dict()
    write_safetensors(
        HERE / "model.safetensors",
        OrderedDict((name, (NAMES[t.dtype], t.shape, data_of(t))) for name, t in state.items()),
        padding=False,
    )
    values["model.safetensors"] = {"metadata": {}, "tensors": {name: as_json(t) for name, t in state.items()}}

    values["written.safetensors"] = read_safetensors(HERE / "written.safetensors")

    torch.save(tensors, HERE / "every.pt")
    values["every.pt"] = {name: as_json(t) for name, t in tensors.items()}
    for protocol in (2, 3, 4, 5):
        torch.save(state, HERE / f"model-{protocol}.pt", pickle_protocol=protocol)
        values[f"model-{protocol}.pt"] = {name: as_json(t) for name, t in state.items()}
    torch.save(state, HERE / "model-legacy-4.pt", pickle_protocol=4, _use_new_zipfile_serialization=False)
    values["model-legacy-4.pt"] = values["model-4.pt"]

    torch.manual_seed(3)
    base = torch.randn(4, 6)
    views = {
        "base": base,
        "same": base,
        "transposed": base.t(),
        "columns": base[:, 1::2],
        "part": base[1:3],
        "permuted": torch.randn(2, 3, 4).permute(2, 0, 1),
        "expanded": torch.arange(3.0).expand(2, 3),
        "one": base[2, 3],
        "half": torch.randn(3, 2).half().t(),
        "parameter": torch.nn.Parameter(torch.randn(2, 2)),
    }
    torch.save(views, HERE / "views.pt")
    values["views.pt"] = {name: as_json(t) for name, t in views.items()}

    net = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    net(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    checkpoint = {
        "model": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "epoch": 3,
        "loss": 0.5,
        "name": "größe",
        "best": None,
        "done": True,
        "large": 2**40,
        "huge": -(2**70),
        "bytes": b"ab",
        "history": [torch.tensor([1.0, 2.0]), torch.tensor([3])],
    }
    torch.save(checkpoint, HERE / "nested.pt")
    torch.save(checkpoint, HERE / "nested-legacy.pt", _use_new_zipfile_serialization=False)
    flat = {f"model.{name}": as_json(t) for name, t in net.state_dict().items()}
    for index, own in optimizer.state_dict()["state"].items():
        for name, t in own.items():
            flat[f"optimizer.state.{index}.{name}"] = as_json(t)
    flat["history.0"] = as_json(checkpoint["history"][0])
    flat["history.1"] = as_json(checkpoint["history"][1])
    values["nested.pt"] = values["nested-legacy.pt"] = flat

    torch.save(views, HERE / "views-legacy.pt", _use_new_zipfile_serialization=False)
    values["views-legacy.pt"] = values["views.pt"]

    big_endian(HERE / "big-endian.pt", base)
    values["big-endian.pt"] = {"w": as_json(base)}

    torch.save({"w": torch.ones(1), "x": Evil()}, HERE / "evil.pt")
    (HERE / "evil-legacy.pt").write_bytes(pickle.dumps(Evil(), protocol=2))
    torch.save(net, HERE / "whole-module.pt")
    torch.jit.save(torch.jit.script(net), HERE / "script.pt")
    (HERE / "values.json").write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
