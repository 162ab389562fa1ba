"""Writes Tests/Fixtures/imported-tokenizers: small tokenizers of every kind that Hone imports, and what Hugging Face's
tokenizers does with them.

    python Tests/Oracles/imported_tokenizer_fixtures.py
    python Tests/Oracles/imported_tokenizer_fixtures.py --fuzz 20000 --seed 1 .build/release/hone-bench [DIR ...]

With --fuzz, random texts and ids go through `hone-bench probe` and through the library, for the directories given (a
real model's, say) or for all the fixtures; every difference is printed, and the number of texts and bytes compared.
"""

import argparse
import json
import pathlib
import random
import subprocess

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

FOLDER = pathlib.Path(__file__).parent.parent / "Fixtures" / "imported-tokenizers"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
QWEN35 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CORPUS = [
    "How many apples does Ann have? She has 12 apples, buys 3 more, and gives 5 to John's dog.",
    "def add(a, b):\n    # the sum\n    return a + b\n\n\nfor i in range(100):\n\tprint(f'{i:03d}', end=\"\")\n",
    "中文的句子,数学问题:小明有12个苹果。小明又买了三个苹果。", "Der Fuß läuft; où est l'élève? Это число 1234567.",
    "They'll say it's 3.14159, we've 2 + 2 = 4 and x^2 != {y} <= [z] // 0xFF", "일이삼 안녕하세요 ありがとうございます नमस्ते",
    "the then there these they that this those with without within", "   indented\n\n\n  more   spaces \t tabs ",
] * 3
TEXTS = [
    "", " ", "  ", "\n", " \n", "\t\n\r\n x", "a", " a", "a ", "  a  b   c    d", "Hello, world!", "HELLO World's they'LL 'S x'd 'ſ",
    "12", "123", "1234567890", "1.5e-10 ½ Ⅻ ٣٤٥ 一二三 ²", "x=1\n\n\n  y\n", "x  \n  y", "\r\r\n", "\u00a0\u2003\u3000a\u00a0\u200b\ufeffb",
    "e\u0301 \u00e9 A\u030a \u212b \ufb01 \uac00 \u1100\u1161 \u0928\u093e\u0303", "\u0301leading", "中文,汉字。「」",
    "👨‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇩🇪 #️⃣", "\U0001d400\U0001f600\U000e0001\U00010348 \U00020000", "a\x00b\x7f\x80\x9f\xad\ufffd\uffff\ufffe",
    "ſ K Å ǅ ǆ İ ı ß ẞ", "if (a<b&&c>d) { return arr[i++]; } // ok?\n\t\t}", "<|im_start|>user\nhi<|im_end|>\n", "<s>a</s> <unk>b<pad>",
    "<|begin_of_text|><|begin_of_text|>", "<|im_start|><|im_st|im_end|>", "<tool>x</tool><tool >", "word<mask> next  <mask>x",
    "xsingle single singlex single.", "caf\u00e9 CAF\u00c9 Tokyo東京", "▁ ▁▁a _b_", "<0x41><0x0A> <0xFF>", "\u0130\u0049\u0307",
    "a" * 70, "ab" * 40, " " * 40 + "x", "\n" * 20, "!?" * 20, "9" * 25, "they're theyre THEY'RE they’re",
    "\u200d\u200c\u2060", "ก็ ครับ ไทย", "שלום עולם مرحبا", "tail space ", "tail tabs\t\t", "\u1c89\ua7da\U00010d40 new letters",
    "\U000325b9\u6c1c \ud67a\u0934 Unicode 17", "\u200dsingle single\u200c single½ ⓐsingle", "¼½¾ ²³¹ ₂⅐ⓐ",
]
IDS = [[], [0], [5, 4, 3], list(range(3, 40)), [10**6], [300, 301, 302], [259, 0, 260, 1, 261], [123, 2, 185], [208, 0, 69, 185, 10**6, 190]]
SPECIAL = ["<|begin_of_text|>", "<|end_of_text|>", "<|im_start|>", "<|im_end|>", "<pad>"]


def byte_level(pattern=None, steps=(), normalizer=None, whole_words=False, size=700, added=(), start=None):
    tokenizer = Tokenizer(models.BPE(ignore_merges=whole_words))
    tokenizer.normalizer = normalizer
    split = [pre_tokenizers.Split(Regex(pattern), "isolated")] if pattern else []
    byte = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=not pattern)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*steps, *split, byte]) if split or steps else byte
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False))
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in SPECIAL])
    tokenizer.add_tokens(list(added))
    post = [processors.ByteLevel(trim_offsets=False)]
    if start:
        post.append(processors.TemplateProcessing(
            single=f"{start} $A", pair=f"{start} $A {start} $B", special_tokens=[(start, tokenizer.token_to_id(start))]))
    tokenizer.post_processor = processors.Sequence(post) if start else post[0]
    return tokenizer


def characters(metaspace):
    """SentencePiece's BPE as Llama 2 has it, in the older form (a normalizer) or the newer one (Metaspace)."""
    learner = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    learner.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    special = ["<unk>", "<s>", "</s>", *[f"<0x{byte:02X}>" for byte in range(256)]]
    learner.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=700, special_tokens=special, limit_alphabet=120, show_progress=False))
    file = json.loads(learner.to_str())
    file["added_tokens"] = [token for token in file["added_tokens"] if token["id"] < 3]
    tokenizer = Tokenizer.from_str(json.dumps(file))
    if metaspace:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    else:
        tokenizer.pre_tokenizer = None
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    return tokenizer


def tokenizers():
    made = {
        "llama-3": byte_level(LLAMA3, whole_words=True, start="<|begin_of_text|>"),
        "qwen2": byte_level(QWEN2, normalizer=normalizers.NFC(), added=[
            AddedToken("<tool>", special=False, normalized=False), AddedToken("<mask>", lstrip=True, rstrip=True),
            AddedToken("single", single_word=True, normalized=True), AddedToken("café", special=False, normalized=True)]),
        "qwen3.5": byte_level(QWEN35, normalizer=normalizers.NFC(), size=500),
        "gpt2": byte_level(size=600),
        "smollm": byte_level(steps=[pre_tokenizers.Digits(individual_digits=True)], size=500),
        "o200k": byte_level(O200K, size=500),
        "llama-2": characters(metaspace=False), "llama-2-metaspace": characters(metaspace=True),
    }
    return {name: tokenizer.to_str() for name, tokenizer in made.items()}


def behaviour(tokenizer, texts, ids):
    tokenizer.encode_special_tokens = False
    ids = [[i for i in row if i < tokenizer.get_vocab_size()] for row in ids]
    return {"encoded": [tokenizer.encode(text).ids for text in texts],
            "decoded": [{"ids": row, "text": tokenizer.decode(row),
                         "with_special": tokenizer.decode(row, skip_special_tokens=False)} for row in ids]}


def write():
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "texts.json").write_text(json.dumps(TEXTS))
    for name, text in tokenizers().items():
        folder = FOLDER / name
        folder.mkdir(exist_ok=True)
        file = json.loads(text)
        if name == "gpt2":  # the older form of merges
            file["model"]["merges"] = [" ".join(pair) for pair in file["model"]["merges"]]
        (folder / "tokenizer.json").write_text(json.dumps(file, ensure_ascii=False, separators=(",", ":")))
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        every = [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS[10:24]]
        record = behaviour(tokenizer, TEXTS, IDS + every)
        (folder / "expected.json").write_text(json.dumps(record, separators=(",", ":")))


def random_text(random):
    """A text of pieces of very different kinds, so that their borders meet in every order."""
    def scalar():
        while True:
            value = random.choice([random.randrange(0x80), random.randrange(0x3000), random.randrange(0x110000)])
            if not 0xD800 <= value < 0xE000:
                return chr(value)
    kinds = [
        lambda: random.choice(CORPUS)[(start := random.randrange(60)):start + random.randrange(30)],
        lambda: random.choice([" ", "\t", "\n", "\r", "\r\n", "\u00a0", "\u3000", "\u2028", "\x0b"]) * random.randrange(1, 6),
        lambda: str(random.randrange(10 ** random.randrange(1, 12))),
        lambda: "".join(random.choice("'\"!?.,;:-_=+*/\\|<>()[]{}@#$%^&~`") for _ in range(random.randrange(1, 6))),
        lambda: "".join(scalar() for _ in range(random.randrange(1, 5))),
        lambda: "".join(chr(random.randrange(0x4E00, 0x9FFF)) for _ in range(random.randrange(1, 6))),
        lambda: "".join(chr(random.randrange(0x1F300, 0x1FAFF)) for _ in range(random.randrange(1, 3))) + random.choice(["", "\u200d", "\ufe0f", "\U0001f3fd"]),
        lambda: random.choice(["e", "a", "n", "\u0928", "\u1100"]) + "".join(chr(random.randrange(0x300, 0x370)) for _ in range(random.randrange(4))),
        lambda: random.choice(["'s", "'LL", "'Re", "'d", "'ſ", "\u2019s", "'"]),
        lambda: random.choice([*SPECIAL, "<s>", "</s>", "<unk>", "<tool>", "<mask>", "single", "<|im_", "|>", "<0x41>", "▁"]),
        lambda: "".join(chr(random.randrange(0xAC00, 0xD7A4)) for _ in range(2)) + random.choice(TEXTS),
    ]
    return "".join(random.choice(kinds)() for _ in range(random.randrange(1, 12)))


def fuzz(bench, directories, count, seed):
    for directory in directories:
        tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
        source = random.Random(seed)
        questions, answers, byte_count = [], [], 0
        for _ in range(count):
            text = random_text(source)
            byte_count += len(text.encode())
            questions.append({"op": "tokenize", "text": text})
            answers.append({"ids": tokenizer.encode(text).ids})
            ids = [source.randrange(tokenizer.get_vocab_size()) for _ in range(source.randrange(1, 12))]
            questions.append({"op": "detokenize", "ids": ids})
            answers.append({"text": tokenizer.decode(ids)})
        output = subprocess.run(
            [bench, "probe", "--model", str(directory)], input="\n".join(map(json.dumps, questions)) + "\n",
            capture_output=True, text=True, check=True).stdout.split("\n")
        wrong = [(q, a, line) for q, a, line in zip(questions, answers, output) if json.loads(line) != a]
        for question, answer, line in wrong[:3]:
            print("  ", json.dumps(question)[:400], "->", json.dumps(answer)[:400], "but", line[:400])
        print(f"{directory.name}: {len(wrong)} of {len(questions)} differ ({byte_count} bytes of text)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--fuzz", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("bench", nargs="?")
    parser.add_argument("directories", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.fuzz:
        folders = arguments.directories or sorted(path.parent for path in FOLDER.glob("*/tokenizer.json"))
        fuzz(arguments.bench, folders, arguments.fuzz, arguments.seed)
    else:
        write()
