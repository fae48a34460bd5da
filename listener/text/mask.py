"""Mask personal data before a quote is shown in an alert, a page or a report."""

import re

_MASK = "＊＊＊"
_PATTERNS = (
    re.compile(r"(?<![\w.])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63})+"),  # mail address
    re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)"),  # resident identity card, 18 places
    re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"),  # mainland mobile
    re.compile(r"(?<!\d)09\d{2}[- ]?\d{3}[- ]?\d{3}(?!\d)"),  # Taiwan mobile
    re.compile(r"(?<!\d)0\d{2,3}-\d{7,8}(?!\d)"),  # landline with area code
    re.compile(r"(?<!\d)\d{12,20}(?!\d)"),  # order, parcel and card numbers
    re.compile(r"(?:微信|vx|VX|wx|加v|加V|薇信|QQ|qq)(?:号|號)?[:：]?\s?[A-Za-z0-9_-]{5,20}"),
    re.compile(
        r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·\s]?[A-Z0-9]{5,6}"
    ),
    re.compile(
        r"[\u4e00-\u9fff]{2,8}(?:小区|社区|花园|公寓|家园)?\d{1,3}(?:号楼|栋|幢|座)(?:\d{1,2}单元)?(?:\d{2,4}室?)?"
    ),
)


def mask_personal_data(text: str) -> str:
    """Return ``text`` with everything that identifies a private person replaced by a mask.

    Phone, identity, order and card numbers, plates, mail and home addresses, chat accounts.
    Masking twice changes nothing.
    """
    for pattern in _PATTERNS:
        text = pattern.sub(_MASK, text)
    return text
