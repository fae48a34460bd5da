"""Complaint types and severities: stored codes whose meaning never changes."""

from enum import StrEnum


class ComplaintType(StrEnum):
    """What a complaint is about; ``NONE`` is no complaint."""

    PRODUCT_QUALITY = "product_quality"
    ORDER_DELIVERY = "order_delivery"
    SERVICE_ATTITUDE = "service_attitude"
    REFUND_RETURN = "refund_return"
    PRIVACY_SECURITY = "privacy_security"
    AFTER_SALES = "after_sales"
    PRICE_PROMO = "price_promo"
    PAYMENT = "payment"
    FALSE_ADVERTISING = "false_advertising"
    TECH_SUPPORT = "tech_support"
    CONDUCT_ETHICS = "conduct_ethics"
    OTHER = "other"
    NONE = "none"


class Severity(StrEnum):
    """How bad one text is by itself; ``NONE`` is no complaint."""

    NONE = "none"
    GENERAL = "general"
    SERIOUS = "serious"
    URGENT = "urgent"


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


def severity_rank(severity: Severity) -> int:
    """Return the place of ``severity`` in order: none 0, general 1, serious 2, urgent 3."""
    return _RANKS[severity]
