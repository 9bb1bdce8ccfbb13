"""The person detector's network and its loss, in layers that a Xavier's DLA takes (`train_person.py --check`).

Input N x 3 x 288 x 384, BGR, 0..1. Output: one map a level, N x 6 x h x w, as YOLOX exports them: tx, ty, tw, th,
objectness, class score; the last two after the sigmoid.
"""
from typing import Dict, List

import torch
import torch.nn.functional as functional
from person_augment import STRIDES
from torch import nn

LIMIT = 4.5      # |tw|, |th| stay below: exp(4.5) * 8 pixels is wider than the picture


def conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, groups: int = 1, relu: bool = True):
    """Convolution, normalisation (folded into the convolution on export), and ReLU."""
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
              nn.BatchNorm2d(outputs, momentum=0.03)]
    return nn.Sequential(*layers, *([nn.ReLU(inplace=True)] if relu else []))


class Block(nn.Module):
    """A residual block: half the channels by 1x1, back by 3x3."""

    def __init__(self, channels: int):
        super().__init__()
        self.body = nn.Sequential(conv(channels, channels // 2, 1), conv(channels // 2, channels, relu=False))

    def forward(self, x):
        return torch.relu(x + self.body(x))


def head(channels: int):
    """Depthwise 5x5 and 3x3 with 1x1 between, then the six maps."""
    return nn.Sequential(conv(channels, channels, 5, groups=channels), conv(channels, channels, 1),
                         conv(channels, channels, 3, groups=channels), conv(channels, channels, 1),
                         nn.Conv2d(channels, 6, 1))


class PersonNet(nn.Module):
    """Four stages down to stride 16, a look at stride 32 for context, and two heads at strides 8 and 16.

    At stride 4 there is one plain convolution and no block: half of the time would go there.
    """

    def __init__(self, widths=(16, 16, 32, 64), neck: int = 48):
        super().__init__()
        a, b, c, d = widths
        self.stem = nn.Sequential(conv(3, a, 3, 2), conv(a, b, 3, 2))
        self.stage8 = nn.Sequential(conv(b, c, 3, 2), Block(c), Block(c))
        self.stage16 = nn.Sequential(conv(c, d, 3, 2), Block(d), Block(d), Block(d))
        self.context = nn.Sequential(conv(d, d, 3, 2), Block(d), Block(d))
        self.side16, self.side8, self.mix8 = conv(2 * d, neck, 1), conv(c, neck, 1), conv(2 * neck, neck, 1)
        self.head8, self.head16 = head(neck), head(neck)
        for level in (self.head8, self.head16):   # at first nobody anywhere: 1 % a cell, as in RetinaNet
            nn.init.constant_(level[-1].bias[4:5], -4.6)

    def raw(self, x) -> List[torch.Tensor]:
        """The maps of strides 8 and 16 before any sigmoid: N x 6 x h x w each."""
        level8 = self.stage8(self.stem(x))
        level16 = self.stage16(level8)
        wide = functional.interpolate(self.context(level16), scale_factor=2.0, mode="nearest")
        level16 = self.side16(torch.cat([level16, wide], 1))
        above = functional.interpolate(level16, scale_factor=2.0, mode="nearest")
        level8 = self.mix8(torch.cat([self.side8(level8), above], 1))
        return [self.head8(level8), self.head16(level16)]


class Exported(nn.Module):
    """The network as it is shipped: regressions raw, objectness and class score after the sigmoid.

    The last convolution of each head is cut in two by its outputs, since a Xavier's DLA has no Slice.
    """

    def __init__(self, net: PersonNet):
        super().__init__()
        self.net, self.tails = net, nn.ModuleList()
        for level in (net.head8, net.head16):
            last, pair = level[-1], nn.ModuleList()
            for part in (slice(0, 4), slice(4, 6)):
                piece = nn.Conv2d(last.in_channels, last.weight[part].shape[0], 1)
                piece.weight.data, piece.bias.data = last.weight.data[part].clone(), last.bias.data[part].clone()
                pair.append(piece)
            self.tails.append(pair)
            level[-1] = nn.Identity()

    def forward(self, x):
        return tuple(torch.cat([box(features), torch.sigmoid(scores(features))], 1)
                     for features, (box, scores) in zip(self.net.raw(x), self.tails))


def overlap(one: torch.Tensor, two: torch.Tensor):
    """IoU and GIoU of M boxes with M boxes, as centre x, centre y, width, height: two vectors of M."""
    low1, high1 = one[:, :2] - one[:, 2:] / 2, one[:, :2] + one[:, 2:] / 2
    low2, high2 = two[:, :2] - two[:, 2:] / 2, two[:, :2] + two[:, 2:] / 2
    shared = (torch.minimum(high1, high2) - torch.maximum(low1, low2)).clamp(min=0).prod(1)
    union = one[:, 2:].prod(1) + two[:, 2:].prod(1) - shared
    hull = (torch.maximum(high1, high2) - torch.minimum(low1, low2)).prod(1)
    iou = shared / (union + 1e-6)
    return iou, iou - (hull - union) / (hull + 1e-6)


def loss(maps: List[torch.Tensor], wanted: Dict[int, torch.Tensor]) -> Dict[str, torch.Tensor]:
    """The parts of the loss, as scalars; `wanted` holds N x 7 x h x w a stride (`person_augment.targets`).

    As in YOLOX: objectness learns whether somebody is here (softly, by the teacher's certainty), the class score
    learns how well the box fits, so that their product ranks the cells of one person. The regressions also learn
    their values directly, which still pulls where the exponential has been clamped.
    """
    parts = {"box": 0.0, "value": 0.0, "object": 0.0, "class": 0.0, "limit": 0.0}
    people = sum(wanted[stride][:, 2].sum() for stride in STRIDES).clamp(min=1)
    for stride, level in zip(STRIDES, maps):
        level, want = level.float().permute(0, 2, 3, 1), wanted[stride].permute(0, 2, 3, 1)
        objectness = functional.binary_cross_entropy_with_logits(level[..., 4], want[..., 0], reduction="none")
        parts["object"] += (objectness * want[..., 1]).sum() / people
        parts["limit"] += 0.1 * (level[..., 2:4].abs() - LIMIT).clamp(min=0).square().mean()
        chosen = want[..., 2] > 0
        if not chosen.any():
            continue
        rows, columns = torch.meshgrid(torch.arange(level.shape[1]), torch.arange(level.shape[2]), indexing="ij")
        corner = torch.stack([columns, rows], -1).expand(*chosen.shape, 2)[chosen].float()
        got, box, sure = level[chosen], want[chosen][:, 3:7], want[chosen][:, 0]
        size = torch.exp(got[:, 2:4].clamp(-LIMIT, LIMIT)) * stride
        iou, giou = overlap(torch.cat([(corner + got[:, :2]) * stride, size], 1), box)
        parts["box"] += 5 * ((1 - giou) * sure).sum() / people
        value = torch.cat([box[:, :2] / stride - corner, torch.log(box[:, 2:] / stride)], 1)
        parts["value"] += (functional.smooth_l1_loss(got[:, :4], value, reduction="none").sum(1) * sure).sum() / people
        fit = functional.binary_cross_entropy_with_logits(got[:, 5], iou.detach().clamp(0, 1), reduction="none")
        parts["class"] += (fit * sure).sum() / people
    return parts
