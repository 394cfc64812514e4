"""Golden outputs of torchvision's box ops. Masks and polygons come from pycocotools 2.0.11, rotated boxes from Shapely
2.1 (pip install pycocotools==2.0.11 shapely==2.1.2)."""
import numpy as np
import shapely
import torch
import torchvision.ops as ops
from pycocotools import mask as coco
from shapely import affinity
from torchvision.models.detection.roi_heads import paste_masks_in_image
from vision_common import ODD, boxes, draws, write


ODD = torch.tensor(ODD)
a, b = torch.tensor(boxes(1, 9)), torch.tensor(boxes(2, 7))
out = {}
for src in ("xyxy", "xywh", "cxcywh"):
    for dst in ("xyxy", "xywh", "cxcywh"):
        out[f"{src}-{dst}"] = ops.box_convert(a, src, dst)
        out[f"odd {src}-{dst}"] = ops.box_convert(ODD, src, dst)
out["area"], out["odd area"] = ops.box_area(a), ops.box_area(ODD)
out["clip"], out["odd clip"] = ops.clip_boxes_to_image(a, (70, 90)), ops.clip_boxes_to_image(ODD, (70, 90))
out["small"], out["odd small"] = ops.remove_small_boxes(a, 30.0), ops.remove_small_boxes(ODD, 1.0)
masks = torch.tensor(draws(3, 5, 9, 11) > 0.9)
masks[:, 4, 5] = True
out["masks"] = ops.masks_to_boxes(masks)
write("boxes", "boxes", out)

write("boxes", "iou", {
    "iou": ops.box_iou(a, b), "giou": ops.generalized_box_iou(a, b),
    "diou": ops.distance_box_iou(a, b), "ciou": ops.complete_box_iou(a, b),
    "odd iou": ops.box_iou(ODD, ODD), "odd giou": ops.generalized_box_iou(ODD, ODD),
    "odd diou": ops.distance_box_iou(ODD, ODD), "odd ciou": ops.complete_box_iou(ODD, ODD),
})

# --- masks -----------------------------------------------------------------------------------------------------------
H, W = 24, 31
m = (draws(4, 6, H, W) > np.array([0.2, 0.5, 0.9, 0.97, 1.0, -1.0], np.float32)[:, None, None]).astype(np.uint8)
rles = [coco.encode(np.asfortranarray(x)) for x in m]
text = "\n".join(r["counts"].decode() for r in rles)
polygons = [draws(10 + k, 3 + k, 2) * np.float32(1.3) - np.float32(0.15) for k in range(6)]
polygons = [(p * np.array([W, H], np.float32)).astype(np.float64).ravel() for p in polygons]
polygons.append(np.array([2, 2, 20, 2, 20, 17, 2, 17.0]))
filled = [coco.frPyObjects([p.tolist()], H, W)[0] for p in polygons]
write("boxes", "masks", {
    "texts": np.frombuffer(text.encode(), np.uint8),
    "areas": coco.area(rles).astype(np.int32), "boxes": coco.toBbox(rles),
    "iou": coco.iou(rles, rles, [0] * 6), "crowd iou": coco.iou(rles, rles, [1] * 6),
    "union": coco.decode(coco.merge(rles[1:4])), "intersection": coco.decode(coco.merge(rles[1:4], intersect=1)),
    "filled": np.stack([coco.decode(f) for f in filled]),
    "pasted": paste_masks_in_image(torch.tensor(draws(20, 3, 1, 7, 7)), torch.tensor(
        [[3.2, 4.1, 20.7, 15.9], [-5.0, -3.0, 9.0, 30.0], [10.0, 10.0, 10.4, 10.2]]), (24, 31))[:, 0],
})

# --- rotated boxes ---------------------------------------------------------------------------------------------------
d = draws(30, 8, 5).astype(np.float64)
rotated = d * [20, 20, 15, 15, 720] - [0, 0, -1, -1, 360]
rotated[1] = [*rotated[0, :4], rotated[0, 4] + 180]
rotated[2] = [*rotated[0, :2], 3, 2, rotated[0, 4]]


def shape(cx, cy, w, h, angle):
    box = shapely.box(cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)
    return affinity.rotate(box, -angle, origin=(cx, cy))


shapes = [shape(*r) for r in rotated]
iou = [[p.intersection(q).area / p.union(q).area for q in shapes] for p in shapes]
hull = [[shapely.union(p, q).convex_hull.area for q in shapes] for p in shapes]
giou = [[iou[i][j] - 1 + p.union(q).area / hull[i][j] for j, q in enumerate(shapes)] for i, p in enumerate(shapes)]
write("boxes", "rotated", {"iou": np.array(iou), "giou": np.array(giou),
                           "bounds": np.array([s.bounds for s in shapes])})
