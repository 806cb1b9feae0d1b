#!/usr/bin/env python3
"""Golden numbers for the metrics of tables: what the sdmetrics package and scikit-learn say of
small built tables.

    python tests/golden/table_metrics.py > tests/golden/table_metrics.json

Needs sdmetrics 0.32, scikit-learn 1.9, pandas. The tables are drawn here from numpy and stored in
the JSON; they copy no data set.
"""
import json
import warnings

import numpy as np
import pandas as pd
from sdmetrics.reports.single_table import QualityReport
from sdmetrics.single_table import NewRowSynthesis
from sdmetrics.single_table.privacy import DCRBaselineProtection, DCROverfittingProtection
from sdmetrics.single_table.privacy.dcr_utils import calculate_dcr
from sdmetrics.column_pairs import ContingencySimilarity
from sdmetrics.utils import HyperTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler

warnings.filterwarnings("ignore")
NUMERIC = ["age", "hours", "gain", "score"]
COLOURS, SIZES = ["amber", "blue", "coral", "drab"], ["no", "yes"]
METADATA = {"columns": {**{c: {"sdtype": "numerical"} for c in NUMERIC},
                        "colour": {"sdtype": "categorical"}, "large": {"sdtype": "categorical"}}}


def table(rows, key, shift):
    r = np.random.default_rng(key)
    age = np.round(r.normal(40 + shift, 12, rows)).clip(17, 90)
    hours = np.round(age * 0.8 + r.normal(0, 6, rows))
    gain = np.where(r.random(rows) < 0.7, 0.0, np.round(r.lognormal(6, 1, rows), 2))
    score = 0.05 * age - 0.3 * shift + r.normal(0, 1, rows)
    colour = np.where(age + r.normal(0, 8, rows) > 45, r.integers(2, 4, rows),
                      r.integers(0, 3 - (shift > 0), rows))
    large = (score + 0.4 * (colour == 3) + r.normal(0, 0.5, rows) > 2.2).astype(int)
    frame = pd.DataFrame({"age": age, "hours": hours, "gain": gain, "score": score})
    frame["colour"] = [COLOURS[c] for c in colour]
    frame["large"] = [SIZES[c] for c in large]
    return frame


def with_gaps(frame, key):
    r = np.random.default_rng(key)
    frame = frame.copy()
    for c in ("hours", "score", "colour"):
        frame.loc[r.random(len(frame)) < 0.08, c] = np.nan
    return frame


def plain(frame):
    out = {}
    for c in frame.columns:
        if c in NUMERIC:
            out[c] = [None if pd.isna(v) else float(v) for v in frame[c]]
        else:
            names = COLOURS if c == "colour" else SIZES
            out[c] = [-1 if pd.isna(v) else names.index(v) for v in frame[c]]
    return out


def number(value):
    return None if pd.isna(value) else float(value)


def quality(real, fake):
    report = QualityReport()
    report.generate(real, fake, METADATA, verbose=False)
    shapes = report.get_details("Column Shapes")
    pairs = report.get_details("Column Pair Trends")
    scores = dict(zip(report.get_properties()["Property"], report.get_properties()["Score"]))
    return {
        "shapes": {r["Column"]: number(r["Score"]) for _, r in shapes.iterrows()},
        "pairs": [[r["Column 1"], r["Column 2"], number(r["Score"]),
                   number(r["Real Correlation"]), number(r["Real Association"]),
                   bool(r["Meets Threshold?"]) if not pd.isna(r["Meets Threshold?"]) else False]
                  for _, r in pairs.iterrows()],
        "shape": number(scores["Column Shapes"]), "trend": number(scores["Column Pair Trends"]),
        "score": number(report.get_score())}


def detection(real, fake):
    ht = HyperTransformer()
    x = np.concatenate([ht.fit_transform(real.copy()).to_numpy(),
                        ht.transform(fake.copy()).to_numpy()])
    y = np.r_[np.ones(len(real)), np.zeros(len(fake))]
    fold = np.r_[np.arange(len(real)) % 3, np.arange(len(fake)) % 3]
    aucs = []
    for k in range(3):
        model = make_pipeline(SimpleImputer(), RobustScaler(),
                              LogisticRegression(solver="newton-cholesky", tol=1e-10))
        model.fit(x[fold != k], y[fold != k])
        aucs.append(roc_auc_score(y[fold == k], model.predict_proba(x[fold == k])[:, 1]))
    return {"auc": np.mean(aucs), "score": 1 - np.mean([max(0.5, a) * 2 - 1 for a in aucs])}


def codes(frame):
    return pd.DataFrame(plain(frame)).astype(float)


def boosting(frame, test):
    """Rows by 10 trees, figures by 100: later, ties between splits are decided by rounding."""
    x, t = codes(frame), codes(test)
    features = [c for c in x.columns if c != "large"]
    trees = HistGradientBoostingClassifier(early_stopping=False)
    trees.fit(x[features], x["large"])
    logits = trees.decision_function(t[features])
    others = [c for c in x.columns if c != "age"]
    regression = HistGradientBoostingRegressor(early_stopping=False)
    regression.fit(x[others], x["age"])
    few = [next(v for i, v in enumerate(m) if i == 9)
           for m in (trees.staged_decision_function(t[features]),
                     regression.staged_predict(t[others]))]
    return {"logits": list(few[0]), "auc": roc_auc_score(t["large"], logits),
            "estimates": list(few[1]),
            "r2": regression.score(t[others], t["age"])}


def membership(members, others, fake):
    inside = -calculate_dcr(members, fake, METADATA)
    outside = -calculate_dcr(others, fake, METADATA)
    y = np.r_[np.ones(len(inside)), np.zeros(len(outside))]
    s = np.r_[inside, outside]
    fpr, tpr, _ = roc_curve(y, s, drop_intermediate=False)
    return {"auc": roc_auc_score(y, s), "tpr": float(tpr[fpr <= 0.01].max())}


def bins(real, fake):
    """ContingencySimilarity called by itself takes the edges of the reals; reports do not."""
    own = ContingencySimilarity.compute(real[["colour", "large"]], fake[["colour", "large"]])
    return {"categorical": own}


def case(name, real, fake, holdout):
    to_real, to_holdout = calculate_dcr(fake, real, METADATA), calculate_dcr(fake, holdout, METADATA)
    overfitting = DCROverfittingProtection.compute_breakdown(real, fake, holdout, METADATA, "t")
    np.random.seed(0)
    baseline = DCRBaselineProtection.compute_breakdown(real, fake, METADATA, "t")
    copied = pd.concat([fake[:60], real[:15]], ignore_index=True)
    result = {
        "name": name, "real": plain(real), "synthetic": plain(fake), "holdout": plain(holdout),
        "quality": quality(real, fake), "contingency": bins(real, fake),
        "dcr_real": list(to_real), "dcr_holdout": list(to_holdout),
        "dcr_median": baseline["median_DCR_to_real_data"]["synthetic_data"],
        "overfitting": overfitting["score"],
        "closer": overfitting["synthetic_data_percentages"]["closer_to_training"],
        "copied": plain(copied),
        "new_rows": NewRowSynthesis.compute(real, copied, METADATA),
        "membership": membership(real, holdout, copied),
        "boosting": boosting(real, holdout)}
    if not fake.isna().any().any():
        result["detection"] = detection(real, fake)
    return result


def main():
    real, fake, holdout = table(240, 1, 0), table(210, 2, 6), table(150, 3, 0)
    flat = fake.copy()
    flat["gain"] = 0.0
    gaps = [with_gaps(f, 10 + i) for i, f in enumerate((real, fake, holdout))]
    big = [table(900, 21, 0), table(700, 22, 3), table(400, 23, 0)]
    cases = [case("plain", real, fake, holdout), case("constant", real, flat, holdout),
             case("gaps", *gaps), case("alike", *big)]
    print(json.dumps({"numeric": NUMERIC, "categories": {"colour": COLOURS, "large": SIZES},
                      "cases": cases}))


main()
