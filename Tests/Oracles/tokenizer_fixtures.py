"""Writes Tests/Fixtures/tokenizer: byte-level tokenizers and what Hugging Face's tokenizers does with them.

    python Tests/Oracles/tokenizer_fixtures.py [tokenizer.json]

`tokenizer.json` has no merges, `merges.json` has some. With a path, checks instead that the library does the same with
that file as with the one without merges, for example one that Hone wrote.
"""

import json
import pathlib
import sys

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

FOLDER = pathlib.Path(__file__).parent.parent / "Fixtures" / "tokenizer"
TEXTS = [
    "", "12+3*45=147\n#### 147", " two  spaces\tand\r\nlines ", "h\u00e9llo \u2212 \u4e2d\u6587 \U0001f468\u200d\U0001f469",
    "<|eos|>", "a<|eos|><|pad|>b <|eos|", "<|e<|eos|>os|>", "\x00\x7f\u0080\u00ad\u0100", "\u0120\u010a",
]
CORPUS = [
    " ann has A apples and buys B more . how many apples does she have ?\n + A B", " john's dog doesn't bark, they've 12 cats",
    " how many of the apples are left ?\n - A B", " \u4e2d\u6587\u4e2d\u6587 caf\u00e9 caf\u00e9",
]
WORDS = CORPUS + [
    " two  apples\t\tand\r\n\n  many ", "  ", "x 'S isn't we'll I'd 'd''re", "\u00bd\u2160 x\u00b2\u0663 \u3000 a\u00a0b", "A+B=-C", "apples" * 9,
]
IDS = [
    [], [104, 105], [256, 104, 257, 105], [0xE4, 0xB8], [0xE4, 0xB8, 104], [0xC3, 0x28, 0xA9], [0xF0, 0x9F, 0x91, 0xA8],
    [0xE4, 256, 0xB8, 0xAD], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC0, 0xAF, 0xFF], [300, 104],
    [0xF0, 0x9F, 0xE4, 0xB8, 0xAD], [0x80, 0x80, 49],
]


def byte_alphabet():
    """GPT-2's printable character of each byte, in the order of bytes."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in kept]
    return [chr(byte) if byte in kept else chr(256 + others.index(byte)) for byte in range(256)]


def byte_tokenizer():
    alphabet = byte_alphabet()
    assert sorted(alphabet) == sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={character: byte for byte, character in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in ("<|eos|>", "<|pad|>")])
    return tokenizer


def trained_tokenizer():
    """Ids as Hone gives them: bytes, the special tokens, merges."""
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    alphabet = byte_alphabet()
    learner.train_from_iterator(
        CORPUS, trainers.BpeTrainer(vocab_size=320, initial_alphabet=alphabet, show_progress=False))
    merges = [tuple(merge) for merge in json.loads(learner.to_str())["model"]["merges"]]
    vocabulary = {character: byte for byte, character in enumerate(alphabet)}
    for merge in merges:
        vocabulary.setdefault("".join(merge), len(vocabulary) + 2)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary | {"<|eos|>": 256, "<|pad|>": 257}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in ("<|eos|>", "<|pad|>")])
    return tokenizer


def behaviour(tokenizer, texts=TEXTS):
    return {
        "vocabulary_size": tokenizer.get_vocab_size(),
        "encoded": [{"text": text, "ids": tokenizer.encode(text).ids} for text in texts],
        "decoded": [
            {"ids": ids, "text": tokenizer.decode(ids), "with_special": tokenizer.decode(ids, skip_special_tokens=False)}
            for ids in IDS
        ],
    }


def main():
    if len(sys.argv) > 1:
        expected = json.loads((FOLDER / "expected.json").read_text())
        assert behaviour(Tokenizer.from_file(sys.argv[1])) == expected, "the library does something else with this file"
        print("the same")
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    tokenizer = byte_tokenizer()
    tokenizer.save(str(FOLDER / "tokenizer.json"))
    (FOLDER / "expected.json").write_text(json.dumps(behaviour(tokenizer), indent=1) + "\n")
    trained = trained_tokenizer()
    trained.save(str(FOLDER / "merges.json"))
    (FOLDER / "merges_expected.json").write_text(json.dumps(behaviour(trained, TEXTS + WORDS), indent=1) + "\n")


if __name__ == "__main__":
    main()
