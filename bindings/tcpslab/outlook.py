"""How a run looks at a glance: a word, a tone and a sign that says the same without colour."""

from dataclasses import dataclass

from tcpslab.results import Record

# Tones, from the worst; page.css colours them.
_SIGNS = {"error": "!", "bad": "▲", "warn": "◆", "stop": "■", "bare": "○", "fair": "◐", "good": "●"}
_ATTACKS = {"undetected": "bad", "detected": "warn", "prevented": "good"}
_PROTECTIONS = {
    "none": ("bare", "unprotected"),
    "encrypted": ("fair", "encrypted"),
    "authenticated": ("good", "authenticated"),
}


@dataclass(frozen=True)
class Outlook:
    word: str
    tone: str
    rest: tuple[str, ...] = ()  # what else is worth a word

    @property
    def sign(self) -> str:
        return _SIGNS[self.tone]

    def bare(self) -> "Outlook":
        return Outlook(self.word, self.tone)

    def rank(self) -> tuple[int, str]:
        return list(_SIGNS).index(self.tone), self.word


def outlook(record: Record) -> Outlook:
    """What is most telling of a run: what an attack came to, else how the connection ended, else its protection."""
    seen = record.observed
    if record.verdict == "error" or not seen:
        return Outlook("error", "error")
    protection_tone, protection = _PROTECTIONS[seen["protection"]]
    broken = () if seen["connection"] == "established" else (seen["connection"],)
    # That nothing arrives where nothing was established goes without saying.
    told = seen["delivery"] == "intact" or (seen["connection"], seen["delivery"]) == ("blocked", "none")
    delivery = () if told else (f"delivery {seen['delivery']}",)
    if attack := _ATTACKS.get(seen["attack"]):
        return Outlook(seen["attack"], attack, (*broken, *(() if broken else (protection,)), *delivery))
    if broken:
        return Outlook(seen["connection"], "stop", delivery)
    if seen["delivery"] == "corrupted":
        return Outlook("corrupted", "bad", (protection,))
    return Outlook(protection, protection_tone, delivery)
