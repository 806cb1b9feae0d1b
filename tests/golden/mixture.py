#!/usr/bin/env python3
"""Variational mixtures of scikit-learn, for tests/data/table_mixture_test.cpp.

Usage: tests/golden/mixture.py ADULT.CSV > tests/golden/mixture.json

BayesianGaussianMixture with the settings of CTGAN's transformer (10 components, Dirichlet process of
1e-3), begun from hard assignments that both sides can make: distinct value i of m in ascending order
belongs to component i * 10 // m. Only what was fitted is kept, no data.
"""

import csv
import json
import sys
import warnings

import numpy as np
from sklearn.mixture import BayesianGaussianMixture

COMPONENTS = 10
ADULT = ["age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week"]


class FromRanks(BayesianGaussianMixture):
    def _initialize_parameters(self, X, random_state, xp=None):
        distinct, place = np.unique(X[:, 0], return_inverse=True)
        labels = place * COMPONENTS // len(distinct)
        shares = np.zeros((len(X), COMPONENTS))
        shares[np.arange(len(X)), labels] = 1
        self._initialize(X, shares)


def fit(values):
    model = FromRanks(n_components=COMPONENTS, weight_concentration_prior=1e-3,
                      weight_concentration_prior_type="dirichlet_process", max_iter=100, n_init=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(np.asarray(values, dtype=float).reshape(-1, 1))
    return {"means": model.means_[:, 0].tolist(), "variances": model.covariances_[:, 0, 0].tolist(),
            "weights": model.weights_.tolist(), "lower_bound": float(model.lower_bound_),
            "iterations": int(model.n_iter_)}


def formula():
    """1200 values of three bumps and a spike that C++ makes as well."""
    i = np.arange(1200)
    center = np.array([-40.0, 0.0, 25.0])[i % 3]
    values = center + 6 * np.sin(i * 0.7) + 2 * np.cos(i * 1.3)
    values[i % 10 == 0] = 3.0
    return np.round(values, 3)


def main():
    with open(sys.argv[1], newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    result = {"formula": fit(formula())}
    for name in ADULT:
        result[name] = fit([float(row[name]) for row in rows])
    json.dump(result, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
