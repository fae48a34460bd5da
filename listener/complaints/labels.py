"""Names of complaint types and severities for people, by language."""

from collections.abc import Mapping
from types import MappingProxyType

from listener.complaints.codes import ComplaintType, Severity

T = ComplaintType
S = Severity

TYPE_LABELS: Mapping[str, Mapping[ComplaintType, str]] = MappingProxyType(
    {
        "zh-CN": {
            T.PRODUCT_QUALITY: "产品质量",
            T.ORDER_DELIVERY: "订单与交付",
            T.SERVICE_ATTITUDE: "服务态度",
            T.REFUND_RETURN: "退款退货",
            T.PRIVACY_SECURITY: "信息安全与隐私",
            T.AFTER_SALES: "售后保修",
            T.PRICE_PROMO: "价格促销",
            T.PAYMENT: "电子支付",
            T.FALSE_ADVERTISING: "虚假宣传",
            T.TECH_SUPPORT: "技术支持与响应",
            T.CONDUCT_ETHICS: "行为与价值观",
            T.OTHER: "其他",
            T.NONE: "非投诉",
        },
        "zh-TW": {
            T.PRODUCT_QUALITY: "商品品質",
            T.ORDER_DELIVERY: "訂單與配送",
            T.SERVICE_ATTITUDE: "服務態度",
            T.REFUND_RETURN: "退款退貨",
            T.PRIVACY_SECURITY: "資訊安全與個資",
            T.AFTER_SALES: "售後保固",
            T.PRICE_PROMO: "價格與促銷",
            T.PAYMENT: "行動支付與刷卡",
            T.FALSE_ADVERTISING: "廣告不實",
            T.TECH_SUPPORT: "技術支援與回應",
            T.CONDUCT_ETHICS: "企業行為與價值觀",
            T.OTHER: "其他",
            T.NONE: "非客訴",
        },
        "en": {
            T.PRODUCT_QUALITY: "Product quality",
            T.ORDER_DELIVERY: "Order and delivery",
            T.SERVICE_ATTITUDE: "Service attitude",
            T.REFUND_RETURN: "Refund and return",
            T.PRIVACY_SECURITY: "Privacy and security",
            T.AFTER_SALES: "Repair and warranty",
            T.PRICE_PROMO: "Price and promotion",
            T.PAYMENT: "Payment",
            T.FALSE_ADVERTISING: "False advertising",
            T.TECH_SUPPORT: "Technical support",
            T.CONDUCT_ETHICS: "Conduct and ethics",
            T.OTHER: "Other",
            T.NONE: "No complaint",
        },
    }
)

SEVERITY_LABELS: Mapping[str, Mapping[Severity, str]] = MappingProxyType(
    {
        "zh-CN": {S.NONE: "无", S.GENERAL: "一般", S.SERIOUS: "严重", S.URGENT: "紧急"},
        "zh-TW": {S.NONE: "無", S.GENERAL: "一般", S.SERIOUS: "嚴重", S.URGENT: "緊急"},
        "en": {S.NONE: "None", S.GENERAL: "General", S.SERIOUS: "Serious", S.URGENT: "Urgent"},
    }
)
