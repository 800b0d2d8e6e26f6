"""银行卡号: whose it is depends on the subject of the asset."""

from __future__ import annotations

from classifiers.identifiers import bank_card

from .base import Recognizer

RECOGNIZER = Recognizer(
    id="bank_card",
    element="generic.bank_account",
    kind="check_digit",
    examine=bank_card.examine,
    digits=(16, 17, 18, 19),
    chance=1 / 10,
)
