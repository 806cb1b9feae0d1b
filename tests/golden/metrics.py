#!/usr/bin/env python3
"""Numbers for tests/metrics from numpy and scipy, written beside this script as metrics.json.

Every metric is written here from its paper or its usual Python code, by brute force over all pairs
where it has pairs. Inputs come from a hash (SplitMix64) that the C++ tests compute to the same
bits, so the file holds results only. Run: python3 tests/golden/metrics.py
"""
import json
import pathlib

import numpy as np
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist
from scipy.special import logsumexp, softmax


# ------------------------------------------------------------------ inputs
def uniform(count, key):
    """SplitMix64 (Steele, Lea, Flood 2014) of key 2^40 + i, upper 53 bits, in [0, 1)."""
    with np.errstate(over="ignore"):
        z = np.arange(count, dtype=np.uint64) + np.uint64(key << 40)
        z = (z + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal(rows, columns, key):
    """Sums of twelve uniforms minus six: nearly normal, and the same bits everywhere."""
    u = uniform(rows * columns * 12, key).reshape(rows, columns, 12)
    total = np.zeros((rows, columns))
    for j in range(12):
        total = total + u[:, :, j]
    return total - 6.0


def cycled(count, size, subsets):
    """Row i of subset s is (7 i + 13 s) mod count: different rows while 7 does not divide count."""
    return [(7 * np.arange(size) + 13 * s) % count for s in range(subsets)]


# ------------------------------------------------------------------ metrics
def frechet(x, y):
    s1, s2 = np.atleast_2d(np.cov(x.T)), np.atleast_2d(np.cov(y.T))
    mean = float(((x.mean(0) - y.mean(0)) ** 2).sum())
    return {"mean_term": mean,
            "value": float(mean + np.trace(s1) + np.trace(s2) - 2 * np.trace(sqrtm(s1 @ s2)).real)}


def kid(x, y, rows_x, rows_y):
    values = []
    for a, b in zip(rows_x, rows_y):
        p, q, d = x[a], y[b], x.shape[1]
        kxx, kyy, kxy = [(u @ v.T / d + 1) ** 3 for u, v in ((p, p), (q, q), (p, q))]
        m, n = len(p), len(q)
        values.append((kxx.sum() - np.trace(kxx)) / (m * (m - 1))
                      + (kyy.sum() - np.trace(kyy)) / (n * (n - 1)) - 2 * kxy.mean())
    return {"mean": float(np.mean(values)), "sd": float(np.std(values))}


def inception(p, splits):
    scores = []
    for s in range(splits):
        part = p[s * len(p) // splits:(s + 1) * len(p) // splits]
        mean = part.mean(0, keepdims=True)
        scores.append(np.exp(np.mean(np.sum(part * (np.log(part) - np.log(mean)), 1))))
    return {"mean": float(np.mean(scores)), "sd": float(np.std(scores))}


def prdc(real, fake, k):
    """As in the code of Naeem et al.: radii from the (k + 1)-th smallest, the sample itself in."""
    radii = [np.partition(cdist(x, x), k, axis=1)[:, k] for x in (real, fake)]
    d = cdist(real, fake)
    return {"precision": float((d < radii[0][:, None]).any(0).mean()),
            "recall": float((d < radii[1][None, :]).any(1).mean()),
            "density": float((d < radii[0][:, None]).sum(0).mean() / k),
            "coverage": float((d.min(1) < radii[0]).mean())}


def authentic(train, fake):
    own = cdist(train, train)
    np.fill_diagonal(own, np.inf)
    d = cdist(fake, train)
    return float((d.min(1) > own.min(1)[d.argmin(1)]).mean())


def copy_ratios(train, points):
    """Nearest over second nearest of the different training samples."""
    d = np.sort(cdist(points, np.unique(train, axis=0)), axis=1)
    ratio = d[:, 0] / d[:, 1]
    return {"copies": float((ratio < 1 / 3).mean()), "median": float(np.median(ratio))}


def leave_one_out(train):
    d = np.sort(cdist(np.unique(train, axis=0), np.unique(train, axis=0)), axis=1)
    ratio = d[:, 1] / d[:, 2]
    return {"copies": float((ratio < 1 / 3).mean()), "median": float(np.median(ratio))}


def log_density(samples, points, sigma):
    d2 = ((points[:, None, :] - samples[None, :, :]) ** 2).sum(2)
    n, d = samples.shape
    return logsumexp(-d2 / (2 * sigma**2), axis=1) - np.log(n) - d / 2 * np.log(2 * np.pi * sigma**2)


def parzen(samples, validation, test):
    scale = np.sqrt(((validation - samples.mean(0)) ** 2).mean())
    best = lambda grid: max(grid, key=lambda s: log_density(samples, validation, s).mean())
    coarse = best([scale * 10 ** (-2 + i / 4) for i in range(11)])
    sigma = best([coarse * 10 ** (i / 20) for i in range(-4, 5)])
    values = log_density(samples, test, sigma)
    return {"log_likelihood": float(values.mean()), "sigma": float(sigma),
            "standard_error": float(values.std(ddof=1) / np.sqrt(len(values)))}


def nearest(queries, points, k, same):
    """Whole numbers: float64 distances are exact in any order, ties go to the lower index."""
    d = ((queries[:, None, :] - points[None, :, :]) ** 2).sum(2)
    if same:
        np.fill_diagonal(d, np.inf)
    order = np.argsort(d, axis=1, kind="stable")[:, :k]
    return {"indices": order.tolist(), "squares": np.take_along_axis(d, order, 1).tolist()}


# ------------------------------------------------------------------ cases
def main():
    cases = {}
    mixed = normal(12, 12, 90)
    tables = {
        "plain": (normal(500, 16, 1), 0.9 * normal(701, 16, 2) + 0.3),
        "correlated": (normal(600, 12, 3) @ mixed, normal(400, 12, 4) @ mixed.T * 1.5),
        "wide": (normal(900, 96, 5), 1.2 * normal(900, 96, 6) - 0.1),
        "one_feature": (normal(300, 1, 7), 2 * normal(300, 1, 8) + 1),
        "rank_deficient": (normal(40, 64, 9), normal(50, 64, 10) + 0.2),
        "offset": (normal(400, 8, 11) * 0.05 + 300, normal(400, 8, 12) * 0.06 + 300),
    }
    cases["frechet"] = {name: frechet(x, y) for name, (x, y) in tables.items()}
    x = tables["correlated"][0]
    cases["moments"] = {"mean": x.mean(0).tolist(), "covariance": np.cov(x.T).ravel().tolist()}

    cases["kid"] = {name: kid(x, y, cycled(len(x), 150, 4), cycled(len(y), 150, 4))
                    for name, (x, y) in tables.items()
                    if name in ("plain", "correlated", "wide", "one_feature")}
    p = softmax(2 * normal(1003, 10, 20), axis=1)
    cases["inception"] = {str(s): inception(p, s) for s in (1, 10, 7)}

    real, fake = normal(220, 6, 30), 0.8 * normal(180, 6, 31) + 0.2
    pairs = {"different": (real, fake), "copy": (real, real.copy()),
             "half_copies": (real, np.concatenate([real[:90], fake[:90]])),
             "collapsed": (real, 0.02 * normal(180, 6, 32) + 0.1)}
    cases["prdc"] = {f"{name} {k}": prdc(a, b, k) for name, (a, b) in pairs.items() for k in (3, 5)}
    cases["authentic"] = {name: authentic(a, b) for name, (a, b) in pairs.items()}
    cases["memorisation"] = {name: copy_ratios(a, b) for name, (a, b) in pairs.items()}
    doubled = np.concatenate([real, real[:50]])
    cases["memorisation"]["doubled train"] = copy_ratios(doubled, pairs["half_copies"][1])
    cases["memorisation"]["leave one out"] = leave_one_out(doubled)

    cases["parzen"] = {
        "small": parzen(normal(150, 3, 40), normal(80, 3, 41), normal(90, 3, 42)),
        "wide": parzen(0.2 * normal(200, 50, 43), 0.25 * normal(60, 50, 44),
                       0.25 * normal(70, 50, 45))}

    lattice = np.floor(4 * uniform(60 * 3, 50)).reshape(60, 3)
    queries = np.floor(4 * uniform(25 * 3, 51)).reshape(25, 3)
    cases["nearest"] = {"other": nearest(queries, lattice, 4, False),
                        "same": nearest(lattice, lattice, 5, True)}
    lines = [f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in cases.items()]
    out = pathlib.Path(__file__).parent / "metrics.json"
    out.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
