"""Crisis types, statement kinds and phases: their codes, and what leads to what."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from listener.complaints import ComplaintType


class CrisisType(StrEnum):
    """The twelve crisis types."""

    PRODUCT_QUALITY_SAFETY = "C01"
    SERVICE_AFTERSALES = "C02"
    DATA_PRIVACY = "C03"
    TECH_OUTAGE = "C04"
    LOGISTICS = "C05"
    PRICING_PROMO = "C06"
    FALSE_ADVERTISING = "C07"
    PAYMENT = "C08"
    RUMOUR = "C09"
    MISCONDUCT = "C10"
    DISCRIMINATION_CULTURE = "C11"
    IP_LEGAL = "C12"


class Kind(StrEnum):
    """What a statement is for: 首次回应 声明 结案 更正 致歉信 新闻稿 问答 话术 内部通知 短信."""

    HOLDING = "holding"
    FULL = "full"
    CLOSING = "closing"
    CORRECTION = "correction"
    APOLOGY = "apology"
    PRESS = "press"
    QA = "qa"
    SCRIPT = "script"
    INTERNAL = "internal"
    SMS = "sms"


class Phase(StrEnum):
    """Where work on an incident stands: 预警 核实 应对 恢复 复盘 关闭."""

    ALERTED = "alerted"
    VERIFYING = "verifying"
    RESPONDING = "responding"
    RECOVERING = "recovering"
    REVIEWING = "reviewing"
    CLOSED = "closed"


class Outcome(StrEnum):
    """What an incident turned out to be: 属实 误报 非本品牌."""

    CONFIRMED = "confirmed"
    FALSE_ALARM = "false_alarm"
    NOT_OUR_BRAND = "not_our_brand"


CRISIS_LABELS: Mapping[str, Mapping[CrisisType, str]] = {
    "zh-CN": {
        CrisisType.PRODUCT_QUALITY_SAFETY: "产品质量与安全",
        CrisisType.SERVICE_AFTERSALES: "服务与售后",
        CrisisType.DATA_PRIVACY: "数据与隐私",
        CrisisType.TECH_OUTAGE: "技术故障",
        CrisisType.LOGISTICS: "物流交付",
        CrisisType.PRICING_PROMO: "价格与促销",
        CrisisType.FALSE_ADVERTISING: "虚假宣传",
        CrisisType.PAYMENT: "支付",
        CrisisType.RUMOUR: "谣言",
        CrisisType.MISCONDUCT: "不当行为",
        CrisisType.DISCRIMINATION_CULTURE: "歧视与文化冒犯",
        CrisisType.IP_LEGAL: "知识产权与法律",
    },
    "zh-TW": {
        CrisisType.PRODUCT_QUALITY_SAFETY: "產品品質與安全",
        CrisisType.SERVICE_AFTERSALES: "服務與售後",
        CrisisType.DATA_PRIVACY: "個資與隱私",
        CrisisType.TECH_OUTAGE: "系統異常",
        CrisisType.LOGISTICS: "物流配送",
        CrisisType.PRICING_PROMO: "價格與促銷",
        CrisisType.FALSE_ADVERTISING: "廣告不實",
        CrisisType.PAYMENT: "付款",
        CrisisType.RUMOUR: "謠言",
        CrisisType.MISCONDUCT: "不當行為",
        CrisisType.DISCRIMINATION_CULTURE: "歧視與文化冒犯",
        CrisisType.IP_LEGAL: "智慧財產與法律",
    },
    "en": {
        CrisisType.PRODUCT_QUALITY_SAFETY: "product quality and safety",
        CrisisType.SERVICE_AFTERSALES: "service and after-sales",
        CrisisType.DATA_PRIVACY: "data and privacy",
        CrisisType.TECH_OUTAGE: "technical fault",
        CrisisType.LOGISTICS: "delivery",
        CrisisType.PRICING_PROMO: "pricing and promotion",
        CrisisType.FALSE_ADVERTISING: "misleading advertising",
        CrisisType.PAYMENT: "payment",
        CrisisType.RUMOUR: "rumour",
        CrisisType.MISCONDUCT: "misconduct",
        CrisisType.DISCRIMINATION_CULTURE: "discrimination or cultural offence",
        CrisisType.IP_LEGAL: "intellectual property and legal",
    },
}

# When the first news after a holding statement is due: the shorter end of each type's cadence.
FIRST_UPDATE_IN: Mapping[CrisisType, timedelta] = {
    CrisisType.PRODUCT_QUALITY_SAFETY: timedelta(hours=4),
    CrisisType.SERVICE_AFTERSALES: timedelta(hours=24),
    CrisisType.DATA_PRIVACY: timedelta(hours=12),
    CrisisType.TECH_OUTAGE: timedelta(minutes=60),
    CrisisType.LOGISTICS: timedelta(hours=24),
    CrisisType.PRICING_PROMO: timedelta(hours=24),
    CrisisType.FALSE_ADVERTISING: timedelta(hours=24),
    CrisisType.PAYMENT: timedelta(hours=2),
    CrisisType.RUMOUR: timedelta(hours=4),
    CrisisType.MISCONDUCT: timedelta(hours=24),
    CrisisType.DISCRIMINATION_CULTURE: timedelta(hours=12),
    CrisisType.IP_LEGAL: timedelta(hours=24),
}

_FROM_COMPLAINT: Mapping[ComplaintType, CrisisType] = {
    ComplaintType.PRODUCT_QUALITY: CrisisType.PRODUCT_QUALITY_SAFETY,
    ComplaintType.SERVICE_ATTITUDE: CrisisType.SERVICE_AFTERSALES,
    ComplaintType.REFUND_RETURN: CrisisType.SERVICE_AFTERSALES,
    ComplaintType.AFTER_SALES: CrisisType.SERVICE_AFTERSALES,
    ComplaintType.PRIVACY_SECURITY: CrisisType.DATA_PRIVACY,
    ComplaintType.TECH_SUPPORT: CrisisType.TECH_OUTAGE,
    ComplaintType.ORDER_DELIVERY: CrisisType.LOGISTICS,
    ComplaintType.PRICE_PROMO: CrisisType.PRICING_PROMO,
    ComplaintType.FALSE_ADVERTISING: CrisisType.FALSE_ADVERTISING,
    ComplaintType.PAYMENT: CrisisType.PAYMENT,
    ComplaintType.CONDUCT_ETHICS: CrisisType.MISCONDUCT,
}


def crisis_type_of(complaint_type: str) -> CrisisType:
    """Return the crisis type a complaint type leads to; service and after-sales for the rest."""
    return _FROM_COMPLAINT.get(ComplaintType(complaint_type), CrisisType.SERVICE_AFTERSALES)
