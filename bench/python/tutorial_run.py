"""The PyTorch C++ tutorial's training on an IDX file, as a script runs it; samples at intervals of its own time.

tutorial_run.py IMAGES FOLDER SECONDS EVERY THREADS     writes FOLDER/<milliseconds>.npz: images, uint8 [5000, 28, 28]
"""

import gzip
import sys
import time
from pathlib import Path

import dcgan28
import numpy
import torch

SAMPLES = 5000


def read_images(path):
    opened = gzip.open(path) if str(path).endswith(".gz") else open(path, "rb")
    with opened as file:
        count, height, width = numpy.frombuffer(file.read(16)[4:], ">i4")
        pixels = numpy.frombuffer(file.read(), numpy.uint8).reshape(count, 1, height, width)
    return torch.tensor(pixels).float().div_(127.5).sub_(1)


def save(generator, latents, path):
    generator.eval()
    with torch.no_grad():
        images = torch.cat([generator(part) for part in latents.split(250)])
    generator.train()
    numpy.savez(path, images=((images[:, 0] + 1) * 127.5).round().clamp(0, 255).byte().numpy())


def main():
    images, folder, seconds, every, threads = sys.argv[1], Path(sys.argv[2]), *map(float, sys.argv[3:6])
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    game = dcgan28.make()
    for network in game.networks.values():
        for module in network.modules():  # as the tutorial
            if isinstance(module, (torch.nn.Conv2d, torch.nn.ConvTranspose2d)):
                torch.nn.init.normal_(module.weight, 0, 0.02)
    game.prepare(None, tuned=False)
    reals = read_images(images)
    latents = torch.randn(SAMPLES, game.latent_dim)
    used, due = 0.0, every
    while used < seconds:
        game.draws.reals, game.draws.position = reals[torch.randperm(len(reals))], 0
        for _ in range(len(reals) // game.batch - 1):
            begin = time.perf_counter()
            game.step()
            used += time.perf_counter() - begin
            if used >= due or used >= seconds:
                save(game.generator, latents, folder / f"{int(1000 * used):09}.npz")
                due += every
            if used >= seconds:
                break


if __name__ == "__main__":
    main()
