"""Training steps as PyTorch users write them: plain (the tutorials' loop) and tuned (what a careful user makes of it)."""

import torch
import torch.nn.functional as F


def bce(real, fake):
    return F.binary_cross_entropy_with_logits(real, torch.ones_like(real)) + F.binary_cross_entropy_with_logits(
        fake, torch.zeros_like(fake)
    )


def bce_generator(fake):
    return F.binary_cross_entropy_with_logits(fake, torch.ones_like(fake))


def hinge(real, fake):
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def wasserstein(real, fake):
    return fake.mean() - real.mean()


def minus_mean(fake):
    return -fake.mean()


class Draws:
    """Latents, reals and points between them: fresh ones as a script draws them, or those of the trace."""

    def __init__(self, latent_dim, batch, reals, critic):
        self.latent_dim, self.batch, self.reals, self.critic = latent_dim, batch, reals, critic
        self.position = 0
        self.trace = None

    def latents(self):
        if self.trace:
            return self.trace.next_input("generator")
        return torch.randn(self.batch, self.latent_dim)

    def real_batch(self):
        if self.trace:
            return self.trace.next_input(self.critic)[: self.batch]  # fakes may follow in the same call
        self.position = (self.position + self.batch) % len(self.reals)
        return self.reals[self.position : self.position + self.batch]

    def between(self, reals, fakes):
        if self.trace:  # its next call saw the fakes, the one after it these points
            return self.trace.next_input(self.critic, skip=1)
        share = torch.rand(self.batch, *[1] * (reals.dim() - 1))
        return torch.lerp(reals, fakes, share)

    def pass_over(self, calls):
        """Calls of the critic whose inputs this side makes itself."""
        if self.trace:
            self.trace.calls[self.critic] = self.trace.calls.get(self.critic, 0) + calls


class Game:
    """One generator against one discriminator or critic.

    loss, generator_loss: functions of logits; penalty: None, "gradient_penalty" (weight, at points between) or "r1" (at reals);
    share_fakes: both players use the same fakes; critic_steps: updates of the critic for one of the generator;
    judged_together: the C++ side judges reals and fakes in one call, as it may where nothing in the critic mixes samples.
    """

    def __init__(self, generator, critic, *, names=("generator", "discriminator"), latent_dim=100, batch=64,
                 loss=bce, generator_loss=bce_generator, penalty=None, penalty_weight=0.0, share_fakes=True,
                 critic_steps=1, judged_together=False, learning_rate=2e-4, betas=(0.5, 0.999)):
        self.networks = dict(zip(names, (generator, critic)))
        self.generator, self.critic = generator, critic
        self.generator_call, self.critic_call = generator, critic
        self.names, self.latent_dim, self.batch = names, latent_dim, batch
        self.loss, self.generator_loss = loss, generator_loss
        self.penalty, self.penalty_weight = penalty, penalty_weight
        self.share_fakes, self.critic_steps = share_fakes, critic_steps
        self.judged_together = judged_together
        self.adam = {"lr": learning_rate, "betas": betas}
        self.tuned = False

    def prepare(self, trace, tuned, channels_last=False, compiled=False):
        """Weights of the trace (None: PyTorch's own, and noise as reals), optimizers, and the form of the step."""
        if trace:
            for name, network in self.networks.items():
                trace.load(name, network)
            reals = trace.tensors["reals"]
        else:
            shape = self.generator(torch.zeros(2, self.latent_dim)).shape[1:]
            reals = torch.rand(8 * self.batch, *shape) * 2 - 1
        if channels_last and reals.dim() == 4:
            reals = reals.contiguous(memory_format=torch.channels_last)
            for network in self.networks.values():
                network.to(memory_format=torch.channels_last)
        if compiled:
            self.generator_call = torch.compile(self.generator)
            self.critic_call = torch.compile(self.critic)
        self.tuned = tuned
        options = dict(self.adam, fused=True) if tuned else self.adam
        self.critic_optimizer = torch.optim.Adam(self.critic.parameters(), **options)
        self.generator_optimizer = torch.optim.Adam(self.generator.parameters(), **options)
        self.draws = Draws(self.latent_dim, self.batch, reals, self.names[1])

    def traced_step(self, trace):
        self.draws.trace = trace
        losses = self.step()
        self.draws.trace = None
        return {name: float(value) for name, value in losses.items()}

    def step(self):
        losses = {}
        for _ in range(self.critic_steps):
            reals = self.draws.real_batch()
            fakes = self.fakes_for_critic()
            losses_now = self.critic_step(reals, fakes)
            for name, value in losses_now.items():
                losses[name] = losses.get(name, 0) + value / self.critic_steps
        losses["G/adversarial"] = self.generator_step(fakes)
        return losses

    def fakes_for_critic(self):
        latents = self.draws.latents()
        if self.share_fakes or not self.tuned:
            return self.generator_call(latents)
        with torch.no_grad():
            return self.generator_call(latents)

    def critic_step(self, reals, fakes):
        self.critic_optimizer.zero_grad()
        real, fake = self.critic_call(reals), self.critic_call(fakes.detach())
        value = self.loss(real, fake)
        losses = {"D/adversarial": value.detach()}
        total = value
        if self.penalty:
            penalty = self.gradient_penalty(reals, fakes.detach())
            losses["D/" + self.penalty] = penalty.detach()
            total = total + self.penalty_weight * penalty
        elif not self.judged_together:
            self.draws.pass_over(1)
        total.backward()
        self.critic_optimizer.step()
        return losses

    def gradient_penalty(self, reals, fakes):
        if self.penalty == "r1":
            self.draws.pass_over(2)
            points = reals.detach().requires_grad_(True)
        else:
            points = self.draws.between(reals, fakes).requires_grad_(True)
        (gradient,) = torch.autograd.grad(self.critic_call(points).sum(), points, create_graph=True)
        if self.penalty == "r1":
            return 0.5 * gradient.flatten(1).square().sum(1).mean()
        return (gradient.flatten(1).norm(2, dim=1) - 1).square().mean()

    def generator_step(self, fakes):
        self.critic.requires_grad_(not self.tuned)
        self.generator_optimizer.zero_grad()
        if not self.share_fakes:
            fakes = self.generator_call(self.draws.latents())
        value = self.generator_loss(self.critic_call(fakes))
        self.draws.pass_over(1)
        value.backward()
        self.generator_optimizer.step()
        self.critic.requires_grad_(True)
        return value.detach()
