"""The words of promotion, in French and in English: prices, discounts, and wording that urges to buy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from accord.core.mail.visible import ANY, OWN, OWN_SUM, SUM, Visible


def _one_of(lines: str) -> str:
    """One pattern of many, one a line; what is in brackets is never asked for."""
    told = [line.strip() for line in lines.splitlines() if line.strip()]
    return re.sub(r"\((?!\?)", "(?:", "|".join(told))


# All patterns read folded text: small letters, no accents, straight apostrophes, plain spaces.
_DIGIT = rf"[\d{ANY}{OWN}]"
_NUMBER = rf"{_DIGIT}(?:[\d{ANY}{OWN}.,' ]{{0,20}}{_DIGIT})?"
_COUNTED = """
    deux|trois|quatre|cinq|six|sept|huit|neuf|dix|douze|quinze|vingt|trente|quarante|cinquante|cent
    two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|forty|fifty|hundred
"""
_MONEY = r"(?:€|\$|£|euros?\b|eur\b|usd\b|gbp\b|chf\b|dollars?\b|centimes?\b|cents\b)"

PRICE = re.compile(
    rf"{_NUMBER} ?{_MONEY}|[€$£] ?{_NUMBER}|\b(?:eur|usd|gbp|chf) ?{_NUMBER}"
    rf"|\b(?:{_one_of(_COUNTED)}) (?:euros|dollars|pounds)\b|[{OWN_SUM}{SUM}]"
)

_DISCOUNTS = rf"""
    (?<![\w.,])[-–—−] ?{_NUMBER} ?%
    \bmoins {_NUMBER} ?%
    {_NUMBER} ?% (de (reduction|remise|rabais|moins)|offerts?|off|discount|cheaper|less)\b
    \b(save|economisez|jusqu'a|up to|reduction de|remise de|rabais de|discount of) {_NUMBER} ?[%€$£]
    \bmoitie prix\b|\bhalf[- ]price\b|\bpour le prix d'une?\b|\bfor the price of one\b
    \b(two|2)[- ]for[- ](one|1)\b|\bbuy one,? get one\b
    \b(une?|deux|trois|quatre|\d+) ([a-z]+ )?achetee?s?\b[^.\n]{{0,25}}\bofferte?s?\b
"""
DISCOUNT = re.compile(_one_of(_DISCOUNTS))

_OFFERS = r"(offres?|tarifs?|prix|promos?|promotions?|reductions?|remises?|avantages?|soldes)"
_FRENCH = rf"""
    {_OFFERS} (speciale?s?(?! du jury)|speciaux|exceptionnel(le)?s?|exclusive?s?|exclusifs?|limitee?s?)
    {_OFFERS} (preferentiel(le)?s?|privilegiee?s?|avantageux|avantageuses?|promotionnelle?s?|decouverte|mini)
    {_OFFERS} (casses?|doux|imbattables?|flash|de lancement|de bienvenue|du moment|d'amis?|reservee?s aux?)
    (meilleurs?|petits?|bas) prix|prix (bas|reduits?)
    profite[rz][^.!?\n]{{0,30}} {_OFFERS}
    profite[rz] [^.!?\n]{{0,40}} pour \d|profitez-en|bons? plans?|bonnes? affaires?
    code (promo|avantage|de reduction|reduction)|(avec le|grace au|saisissez le) code [a-z]+\d+
    promos?|promotionnel(le)?s?|en promotion|promotions?(?! (de l'|d'eleves|sortantes?|\d{{4}}))
    (une|des|de|la|votre|vos|en|nos) remises?(?! (des|du|en|de (prix|diplomes|cles)|a)\b)
    reductions?(?! (des?|du|d') ?(nos|notre|la|l'|son|ses|emissions|dechets|gaz|temps|bruit|consommation))
    rabais|soldes|en solde|destockage|ventes? (flash|privees?)|liquidation|black friday|cashback
    (places?|billets?|spectacles?|entrees?|abonnements?|seances?) (a|au) tarif (reduit|unique)
    (places?|billets?|verres?|boissons?|livraison|port|mois|entrees?|seances?) ((est|sont) )?offerte?s?
    (livraison|frais de port) gratuite?s?|(cartes?|bons?|cheques?)[- ]cadeaux?|(un|votre) cadeau vous attend
    points? (doubles?|bonus)|double[sz]? (vos )?points|parrainez
    gagnez (des|vos|deux|trois|\d+|une?) (places?|billets?|invitations?|entrees?|cadeaux?)
    (?<!vous )(achetez|reservez)|abonnez-vous|commandez (vite|maintenant|des|sans attendre|avant)
    derniere chance|dernieres (chances|places|minutes)|places limitees|jusqu'a epuisement|depechez-vous
    plus que (\d+|deux|trois|quatre|cinq|dix|quelques) (places?|jours?|billets?|heures?)
    ne (ratez|manquez|laissez) pas (passer )?(cette|notre|nos|l') ?(offres?|promos?|occasion)
"""
_ENGLISH = r"""
    discounts?|discounted|bargains?(?! with)|coupons?|promo(tional)? codes?|gift cards?
    (gift|discount) vouchers?|use (your|this) voucher
    (special|limited|exclusive|introductory|welcome|launch|unbeatable) (time )?(offers?|prices?|deals?|rates?)
    (best|great|low|lowest|reduced) (prices?|rates?)
    (great|best|hot|daily|weekend|our|amazing) deals?(?! (of|with))
    deals? of the (day|week)|limited[- ]time|offers? (ends?|expires?)|sale (ends?|starts?|now)|on sale now
    (flash|clearance|summer|winter|january|spring) sales?|early[- ]bird|last chance|hurry up
    (?<!your )(?<!the )(?<!a )(?<!an )(buy|book|order|shop|subscribe|reserve) (now|today|early)
    (buy|book|order|reserve) your (tickets?|seats?)
    while (stocks|seats|tickets) last|don't miss (out|this offer)|double points
    only (\d+|a few|two|three|four|five) (tickets?|seats?|places?|days?) (left|remaining)
    free (shipping|delivery|drinks?|tickets?|gift|upgrade)|save (up to|big|money)
    win (a pair of|two|free|your|\d+) (tickets?|seats?|passes)
"""
WORDING = re.compile(rf"\b(?:{_one_of(_FRENCH)}|{_one_of(_ENGLISH)})(?!\w)")

PATTERNS: Mapping[str, re.Pattern[str]] = {"price": PRICE, "discount": DISCOUNT, "wording": WORDING}

# Words beside which a sum is told as paid or owed, and is no offer.
_ACCOUNTS = r"""
    total|sous-total|montant|reglee?s?|payee?s?|debitee?s?|remboursee?s?|remboursement|acquittee?s?
    facturee?s?|versee?s?|frais|tva|ttc|solde|reste a payer|amount|subtotal|paid|charged|refund|refunded
    billed|vat|fees?|balance|(votre|vos|your) (billets?|places?|commande|tickets?|seats?|order) ?:
"""
_ACCOUNT = re.compile(rf"\b(?:{_one_of(_ACCOUNTS)})(?!\w)(?P<gap>[^\n.!?;]{{0,40}})$")
_LURE = re.compile(r"\b(?:des|seulement|partir|only|from|just|au lieu de|instead of)\b")


def promotion(seen: Visible) -> Iterator[tuple[str, str, int]]:
    """What promotes: its kind, the author's words, the line.

    A sum of the person's own order, or one that is told as paid or owed, is `own-price`: it promotes nothing
    in the mail about that order.
    """
    for kind, pattern in PATTERNS.items():
        for match in pattern.finditer(seen.text):
            told = "own-price" if kind == "price" and _is_own(match, seen.text) else kind
            yield told, seen.words(*match.span()), seen.lines[match.start()]


def _is_own(match: re.Match[str], text: str) -> bool:
    if not re.search(rf"[\d{ANY}{SUM}]", match[0]) and re.search(f"[{OWN}{OWN_SUM}]", match[0]):
        return True
    account = _ACCOUNT.search(text[max(0, match.start() - 80) : match.start()])
    return account is not None and _LURE.search(account["gap"]) is None


def promotes(text: str, *, wording: bool) -> bool:
    """Whether a value, once folded, promotes by itself; `wording` reads words too, and not only sums."""
    found = PRICE.search(text) or DISCOUNT.search(text) or (wording and WORDING.search(text))
    return bool(found)
