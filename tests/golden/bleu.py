#!/usr/bin/env python3
"""Golden numbers for BLEU and Self-BLEU by nltk 3 (sentence BLEU, smoothing method 1).

    python tests/golden/bleu.py > tests/golden/bleu.json

Sentences follow a formula: sentence i has 1 + (5 i + i^2) % 9 tokens, token t is 4 + (i t + 3 t + i) %
7, which repeats n-grams within and between sentences.
"""
import json
import sys

from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

GRAMS = 5


def sentence(i, words):
    return [4 + (i * t + 3 * t + i) % words for t in range(1 + (5 * i + i * i) % 9)]


def bleu(references, hypothesis):
    smooth = SmoothingFunction().method1
    return [sentence_bleu(references, hypothesis, [1 / n] * n, smooth) for n in range(1, GRAMS + 1)]


def mean(rows):
    return [sum(column) / len(rows) for column in zip(*rows)]


def run(words, hypotheses, references):
    made = [sentence(i, words) for i in range(hypotheses)]
    real = [sentence(i + 50, words) for i in range(references)]
    others = [[s for j, s in enumerate(made) if j != i] for i in range(hypotheses)]
    return {"words": words, "hypotheses": hypotheses, "references": references,
            "each": [bleu(real, s) for s in made],
            "bleu": mean([bleu(real, s) for s in made]),
            "self_bleu": mean([bleu(o, s) for o, s in zip(others, made)])}


if __name__ == "__main__":
    json.dump([run(7, 12, 9), run(40, 20, 15), run(3, 2, 1)], sys.stdout, separators=(",", ":"))
    print()
