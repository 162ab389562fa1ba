"""Whether an engine's answers depend on what else is in the batch: what the peers of `hone-bench inference --invariance`
have in common. Not a program.
"""

import random
import struct

TOGETHER = 16


def random_prompts(count, vocabulary):
    source = random.Random(7)
    return [[source.randrange(vocabulary) for _ in range(source.randint(1, 64))] for _ in range(count)]


def bits(score):
    return int.from_bytes(struct.pack("<f", score), "little")


def count_differences(prompts, answer):
    """Of every prompt alone and among others in random company; `answer` gives (tokens, log-probabilities) of each."""
    alone = [answer([prompt])[0] for prompt in prompts]
    order = list(range(len(prompts)))
    random.Random(99).shuffle(order)
    tokens = differing_tokens = differing_bits = 0
    for first in range(0, len(order), TOGETHER):
        part = order[first:first + TOGETHER]
        for place, (found, scores) in zip(part, answer([prompts[place] for place in part])):
            tokens += len(found)
            differing_tokens += sum(a != b for a, b in zip(found, alone[place][0]))
            differing_bits += sum((bits(a) ^ bits(b)).bit_count() for a, b in zip(scores, alone[place][1]))
    return {"tokens": tokens, "differing_tokens": differing_tokens, "differing_bits": differing_bits}
