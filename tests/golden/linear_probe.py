"""Writes linear_probe.json: the minimum of L2-regularised multinomial logistic regression, found by Newton's
method in NumPy, for the C++ tests of metrics/linear_probe.h. Run: python tests/golden/linear_probe.py

Inputs are formulas, so that both sides make the same numbers:
x[i, j] = sin(1.3 i + 0.7 j i + j) and label[i] = floor(3 |sin(2.1 i)|), capped at classes - 1.
"""

import json
import pathlib

import numpy as np

COUNT, DIM, CLASSES = 60, 5, 3


def inputs():
    i, j = np.arange(COUNT)[:, None], np.arange(DIM)[None, :]
    labels = np.minimum(np.floor(3 * np.abs(np.sin(2.1 * np.arange(COUNT)))), CLASSES - 1)
    return np.sin(1.3 * i + 0.7 * j * i + j), labels.astype(int)


def minimum(x, labels, l2):
    x1 = np.hstack([x, np.ones((COUNT, 1))])
    targets = np.eye(CLASSES)[labels]
    ridge = np.tile(np.r_[np.full(DIM, l2), 0.0], CLASSES)
    theta = np.zeros(CLASSES * (DIM + 1))
    for _ in range(100):
        logits = x1 @ theta.reshape(CLASSES, -1).T
        shares = np.exp(logits - logits.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        gradient = ((shares - targets).T @ x1 / COUNT).ravel() + ridge * theta
        hessian = np.diag(ridge)
        for n in range(COUNT):
            curve = np.diag(shares[n]) - np.outer(shares[n], shares[n])
            hessian += np.kron(curve, np.outer(x1[n], x1[n])) / COUNT
        # The free biases may move together without any effect: the step of least norm leaves them.
        theta -= np.linalg.lstsq(hessian, gradient, rcond=1e-12)[0]
    objective = -np.log(shares[np.arange(COUNT), labels]).mean() + 0.5 * (ridge * theta**2).sum()
    weights = theta.reshape(CLASSES, -1)
    return {"l2": l2, "objective": objective, "weight": weights[:, :-1].tolist(), "bias": weights[:, -1].tolist()}


def main():
    x, labels = inputs()
    cases = [minimum(x, labels, l2) for l2 in (1e-3, 1e-1, 1.0)]
    path = pathlib.Path(__file__).with_name("linear_probe.json")
    path.write_text(json.dumps({"count": COUNT, "dim": DIM, "classes": CLASSES, "cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main()
