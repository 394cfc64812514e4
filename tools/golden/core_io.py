"""Files of NumPy and bit patterns of torch for io/*.test.ts."""
import base64
import gzip
import hashlib
import io
import json
import sys
import zipfile
import zlib

import numpy as np
import torch
from numpy.lib import format as npformat


def packed(data):
    return base64.b64encode(data).decode()


def npy(array, version=None):
    file = io.BytesIO()
    npformat.write_array(file, array, version=version)
    return file.getvalue()


def listed(array):
    return [str(x) if array.dtype.kind in "iu" and array.dtype.itemsize == 8 else (int(x) if array.dtype.kind in "iub" else float(x)) for x in array.reshape(-1)]


base = np.arange(24).reshape(2, 3, 4)
cases = {}
for code in ["<f8", "<f4", "<f2", "<i8", "<i4", "<i2", "|i1", "<u8", "<u4", "<u2", "|u1", "|b1", ">f8", ">f4", ">i8", ">i2", ">u4"]:
    cases[code] = (base[0] * 3 - 5 if code[1] in "fi" else base[0]).astype(code)
cases["fortran"] = np.asfortranarray(base.astype("<f4"))
cases["fortran big"] = np.asfortranarray(base.astype(">i2"))
cases["fortran vector"] = np.asfortranarray(np.arange(5, dtype="<i4"))
cases["scalar"] = np.array(2.5)
cases["empty"] = np.zeros((0, 3), "<f4")
cases["fortran empty"] = np.asfortranarray(np.zeros((3, 0), "<f4"))
out = {"npy": {name: {"file": packed(npy(a)), "shape": list(a.shape), "values": listed(a)} for name, a in cases.items()}}
for version in [(2, 0), (3, 0)]:
    out["npy"][f"version {version[0]}"] = {"file": packed(npy(cases["<f4"], version)), "shape": [3, 4], "values": listed(cases["<f4"])}
out["refused"] = {name: packed(npy(a)) for name, a in {
    "complex": np.zeros(2, "<c8"), "string": np.array(["ab"]), "structure": np.zeros(1, [("a", "<f4"), ("b", "<i4")]),
    "long double": np.zeros(1, np.longdouble), "date": np.zeros(1, "<M8[s]")}.items()}
objects = io.BytesIO()
np.save(objects, np.array([{}, 1], dtype=object), allow_pickle=True)
out["refused"]["object"] = packed(objects.getvalue())

arrays = {"w": np.linspace(-1, 1, 200, dtype="<f4").reshape(10, 20), "naïve.name": np.arange(4, dtype="<i8"), "zeros": np.zeros(3000, "|u1")}
for name, save in [("plain", np.savez), ("compressed", np.savez_compressed)]:
    file = io.BytesIO()
    save(file, **arrays)
    out[name] = packed(file.getvalue())
out["arrays"] = {name: {"shape": list(a.shape), "sha": hashlib.sha256(a.tobytes()).hexdigest()} for name, a in arrays.items()}
commented = io.BytesIO()
with zipfile.ZipFile(commented, "w") as archive:
    for name, method in [("a", zipfile.ZIP_STORED), ("b/c", zipfile.ZIP_DEFLATED)]:
        info = zipfile.ZipInfo(name)
        info.compress_type, info.comment, info.extra = method, b"a comment", b"\x99\x99\x02\x00xy"
        archive.writestr(info, "hello " * 20)
    archive.comment = b"of the archive"
out["commented"] = {"file": packed(commented.getvalue()), "names": ["a", "b/c"], "text": "hello " * 20}
out["gzip"] = {"file": packed(gzip.compress(b"IDX " * 500, mtime=0)), "text": "IDX ", "times": 500}
out["crc32"] = [{"text": t, "crc": zlib.crc32(t.encode())} for t in ["", "a", "123456789", "é" * 40]]


def sha(t):
    return hashlib.sha256(t.numpy().tobytes()).hexdigest()


bits = torch.arange(65536, dtype=torch.int32).to(torch.int16)
out["half"] = sha(bits.view(torch.float16).float().nan_to_num(0.0, float("inf"), float("-inf")))
out["bfloat"] = sha(bits.view(torch.bfloat16).float().nan_to_num(0.0, float("inf"), float("-inf")))
torch.manual_seed(3)
values = []
for scale in range(-30, 22):
    values.append(torch.empty(400).uniform_(-1, 1) * 2.0**scale)
values = torch.cat(values)
out["toHalf"] = sha(values.half().view(torch.int16))
out["toBfloat"] = sha(values.bfloat16().view(torch.int16))
with open(sys.argv[1], "w") as file:
    file.write("{\n" + ",\n".join(f'"{k}": {json.dumps(v)}' for k, v in out.items()) + "\n}\n")
