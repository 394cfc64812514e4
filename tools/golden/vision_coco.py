"""COCO segmentation and key-point averages of generated data by pycocotools 2.0.11 (pip install pycocotools)."""
import contextlib
import io
import json

import numpy as np
from pycocotools import mask as coco
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from vision_common import VISION, draws

SIZE = 120


def rect(x, y, w, h, seed):
    m = np.zeros((SIZE, SIZE), np.uint8)
    m[int(y):int(y + h), int(x):int(x + w)] = 1
    return m * (draws(seed, SIZE, SIZE) > np.float32(0.04)).astype(np.uint8)


def evaluate(dataset, results, kind):
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = dataset
        truth.createIndex()
        e = COCOeval(truth, truth.loadRes(results), kind)
        e.evaluate()
        e.accumulate()
        e.summarize()
    return e.stats.tolist()


objects, results, seed = [], [], 1000
for image in range(1, 6):
    d = draws(image, 6, 5)
    for k in range(6):
        x, y, w, h = d[k, 0] * 60, d[k, 1] * 60, 5 + d[k, 2] * 55, 5 + d[k, 3] * 55
        seed += 1
        m = rect(x, y, w, h, seed)
        r = coco.encode(np.asfortranarray(m))
        objects.append({"id": len(objects) + 1, "image_id": image, "category_id": int(d[k, 4] * 2) + 1, "iscrowd": int(k == 5),
                        "area": float(coco.area(r)), "bbox": coco.toBbox(r).tolist(),
                        "segmentation": {"size": [SIZE, SIZE], "counts": r["counts"].decode()}})
    n = draws(50 + image, 9, 6)
    for k in range(9):
        x, y, w, h = d[k % 6, 0] * 60, d[k % 6, 1] * 60, 5 + d[k % 6, 2] * 55, 5 + d[k % 6, 3] * 55
        seed += 1
        r = coco.encode(np.asfortranarray(rect(x + n[k, 0] * 6, y + n[k, 1] * 6, w + n[k, 2] * 6, h, seed)))
        results.append({"image_id": image, "category_id": int(d[k % 6, 4] * 2) + 1, "score": round(float(n[k, 4]) * 20) / 20,
                        "segmentation": {"size": [SIZE, SIZE], "counts": r["counts"].decode()}})
images = [{"id": i, "width": SIZE, "height": SIZE} for i in range(1, 6)]
dataset = {"images": images, "annotations": objects, "categories": [{"id": 1}, {"id": 2}]}
# A result that has a box as well is sized by the box.
boxed = [{**r, "bbox": [0, 0, 20 + 10 * (i % 9), 30]} for i, r in enumerate(results)]
segm = {"annotations": objects, "results": results, "stats": evaluate(dataset, [dict(r) for r in results], "segm"),
        "boxedStats": evaluate(dataset, boxed, "segm")}

objects, results = [], []
for image in range(1, 9):
    d = draws(100 + image, 3, 17, 3)
    for k in range(3):
        side = [20, 60, 150][k]
        points = np.stack([d[k, :, 0] * side + k * 30, d[k, :, 1] * side, (d[k, :, 2] > 0.3) * 2], 1).round(2)
        if image == 3 and k == 1:
            points[:, 2] = 0
        objects.append({"id": len(objects) + 1, "image_id": image, "category_id": 1, "iscrowd": 0, "area": float(side * side * 0.7),
                        "bbox": [k * 30, 0, side, side], "keypoints": points.ravel().tolist(),
                        "num_keypoints": int((points[:, 2] > 0).sum())})
        noise = draws(200 + image * 3 + k, 17, 3)
        moved = points + np.concatenate([(noise[:, :2] - 0.5) * side * 0.2, np.zeros((17, 1))], 1)
        results.append({"image_id": image, "category_id": 1, "score": round(float(noise[0, 2]), 2),
                        "keypoints": moved.round(2).ravel().tolist()})
images = [{"id": i} for i in range(1, 9)]
dataset = {"images": images, "annotations": objects, "categories": [{"id": 1}]}
keypoints = {"annotations": objects, "results": results, "stats": evaluate(dataset, [dict(r) for r in results], "keypoints")}

for name, case in (("coco-segm", segm), ("coco-keypoints", keypoints)):
    path = VISION / "metrics" / "__golden__" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    text = json.dumps(case, separators=(",", ":")) + "\n"
    path.write_text(text)
    print(name, len(text), case["stats"])
    assert len(text) <= 64 * 1024
