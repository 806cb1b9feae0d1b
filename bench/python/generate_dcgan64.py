"""Samples of DCGAN-64: plain eval() under no_grad; tuned also inference_mode and the faster memory layout."""

import torch

from networks import dcgan64_generator

CASES = [1, 16, 64]


class Generation:
    def __init__(self):
        self.generator = dcgan64_generator()

    def prepare(self, trace, tuned, channels_last=False, compiled=False):
        trace.load("generator", self.generator)
        self.generator.eval()
        if channels_last:
            self.generator.to(memory_format=torch.channels_last)
        self.call = torch.compile(self.generator) if compiled else self.generator
        self.mode = torch.inference_mode if tuned else torch.no_grad
        self.latents = trace.next_input("generator")

    def traced_step(self, trace):
        samples = self.step().double()
        return {"mean": float(samples.mean()), "mean square": float(samples.square().mean()), "corner": float(samples[0, 0, 0, 0])}

    def step(self):
        with self.mode():
            return self.call(self.latents)


def make():
    return Generation()
