"""Personal data of private people: names, phones, documents, addresses, orders, plates, health."""

import re
from collections.abc import Iterator

from crisis.lint.finding import Hit, Span
from crisis.lint.reading import Reading

_SURNAME = (
    "(?:欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|司徒|夏侯|令狐|"
    "[王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
    "苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾"
    "侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦"
    "申尤毕聂丛焦向柳邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲"
    "成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚"
    "丘古米池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻"
    "揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌"
    "银扬明沙薄伏岑习胥保和蔺])"
)
# After a word such as 顾客 alone: common surnames that begin no ordinary word there.
_SAFE_SURNAME = (
    "(?!任何|许多|谢谢|谢意|周[末一二三四五六日]|何[时种处]|严重|施工|康复|陆续|"
    "唐突|范围|洪水|黄金|余额|史上|邓|毛病|田间|彭湃|夏季|夏天|秦|钟点|"
    "叶片|丁香|孔洞|傅|姜汤|汪洋|龙头)(?:欧阳|司马|上官|诸葛|慕容|[王李张刘陈杨赵黄周吴"
    "徐孙胡朱林何郭罗梁宋郑谢韩唐冯董萧曹袁邓许傅沈彭吕苏卢蒋蔡贾丁魏薛叶余潘杜戴夏钟汪"
    "田任姜范姚谭廖邹熊陆郝孔崔康毛邱秦史顾侯邵孟龙汤尹黎贺赖龚庞樊殷施陶洪翟颜倪严])"
)
_GIVEN = "(?![某先女总])[\\u4e00-\\u9fff]{1,2}"
_NOT_GIVEN = (
    "(?!(?:家|女|先|某|总|姓|们|的|在|因|向|到|于|用|购|反|投|表|称|"
    "说|是|收|提|发|遇|对|和|与|等|店|经理|工|师|同学|老师|老板|主任|"
    "导|本|所|可|请|从|已|未|将|无|有|为|来|给|至))"
)
_ROLE = (
    "(?:顾客|用户|客户|消费者|车主|买家|会员|患者|伤者|家长|当事人|投诉人|申诉人|检举人|陈情人|失主|亲属|病患|住客|"
    "举报人|学员|旅客|乘客|员工|店员|受害人|受害者|死者|租客|业主|网友|"
    "受伤的|发帖人|博主|孩子|学生|客人|读者|投诉者|客诉人|民众|住户|"
    "房客|苦主|客服|骑手|司机|病人|女童|男童|女孩|男孩|收件人|机主|实习生|"
    "快递员)"
)
_NAMES = (
    re.compile(
        rf"{_ROLE}(?:姓名)?[:为是即,]?(?P<name>{_SAFE_SURNAME}{_NOT_GIVEN}{_GIVEN})(?=先生|"
        rf"女士|小姐|同学|太太|[\d,。;:!?的于在称说反购向因与和遭被投诉曾致将等(\s已目现今昨"
        rf"明正住退收买购申提表联给和是为不没也所去前后到来男女年受患受伤有要就]|"
        rf"本人|之|\Z)"
    ),
    re.compile(
        rf"(?<![\u4e00-\u9fff])(?P<name>(?!谢谢|全体|高[中年]){_SURNAME}{_NOT_GIVEN}{_GIVEN})(?:先生|"
        rf"女士|小姐|同学|太太|小朋友)"
    ),
    re.compile(
        rf"(?:感谢|联系|联系上|致电|向|对|给|是|为|的|由|与|和|请|经|系|探望|"
        rf"看望|陪同|受伤的|名叫|叫做|姓名为|姓名是|本名|真名|名字是)(?P<name>{_SURNAME}{_NOT_GIVEN}{_GIVEN})(?:先"
        rf"生|女士|小姐|同学|太太|小朋友)"
    ),
    re.compile(
        rf"{_ROLE}(?P<name>{_SURNAME}{_NOT_GIVEN}[\u4e00-\u9fff]{{2}})(?=\(|先生|女士|小姐|被|反映|称)"
    ),
    re.compile(
        rf"的(?:人|那位|那名|员工|同事|同仁|顾客)?(?:[是为即]|就是)[^,。\n是]{{1,8}}[部门店组处室课科班]的?"
        rf"(?P<name>{_SURNAME}{_NOT_GIVEN}[\u4e00-\u9fff]{{1,2}})(?=[,。;(\n]|\Z)"
    ),
    re.compile(
        rf"{_ROLE}(?:[是为即]|就是)(?:我们|我司|公司|本公司)?[^,。\n是]{{0,10}}[的部门店组处室课科级校区区县市]"
        rf"(?P<name>{_SURNAME}{_NOT_GIVEN}[\u4e00-\u9fff]{{1,2}})(?=[,。;(\n]|\Z)"
    ),
    re.compile(
        rf"(?:名叫|叫做|本名|真名|实名|姓名[:为是]|真实姓名[:为是]?)(?P<name>{_SURNAME}{_NOT_GIVEN}{_GIVEN})"
    ),
)
_NAME_EN = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Mx)\.? (?P<a>[A-Z][a-z]+(?: [A-Z][A-Za-z'-]+){0,4})"
    r"(?: of \d{1,5} [A-Z][\w ]{1,40}?(?:Lane|"
    r"Street|Road|Avenue|Close|Drive|Way|Court|Place))?"
    r"|\b(?:[Cc]ustomer|[Cc]omplainant|[Uu]ser|[Pp]assenger|[Pp]atient|"
    r"[Bb]uyer|[Ee]mployee|[Gg]uest|[Ss]hopper|[Cc]ashier|[Dd]river|[Aa]gent|"
    r"[Mm]ember|[Rr]esident|[Ss]ubscriber|[Vv]ictim|called|named)(?:,|"
    r" named| called|,? is)? (?P<b>[A-Z][a-z]+(?: [A-Z]\.)? [A-Z][A-Za-z'-]+)"
    r"|\b(?P<c>[A-Z][a-z]+ [A-Z][a-z'-]+), (?:the |a |our |aged? )?(?:customer|"
    r"complainant|passenger|\d{1,2}(?= ?(?:,|years|from|who|of [A-Z]))|"
    r"who (?:complained|posted|bought|ordered|was injured|was hurt))"
)
# Whoever is accused is a private person, whatever their post: guilt is for the finding (C10).
_ACCUSED = re.compile(
    "被指|涉嫌|指控|停职|停岗|骚扰|霸凌|辱骂|打人|殴打|推搡|受贿|贿赂|举报|投诉|性侵|歧视|开除|解聘|"
    "辞退|不当言行|不当行为|擅自|accused|alleged|suspended|harass|bull(?:y|ied)|assault|dismissed|"
    "misconduct|complaint"
)
_SPEAKS = re.compile("表示|介绍|指出|代表|发言|签|致歉|道歉|说[:,]|said|says|signed|apologi")
_POST = (
    "(?:经理|主管|总监|店长|组长|班长|主任|负责人|教练|老师|教师|主播|保安|导购|设计师|副总裁|副总|"
    "总经理|高管|董事|合伙人|讲师|医师|护士|柜员|技师|店员|工程师|客户经理|员工|领队|导游)"
)
_ACCUSED_NAME = re.compile(
    rf"{_POST}(?P<name>{_SURNAME}{_NOT_GIVEN}{_GIVEN})(?=被|涉|因|对|在|于|向|的|与|将|曾|已|停|,|。|"
    r"\(|、|骚|辱|殴|打|擅)"
)
_PUBLIC_ROLE = re.compile(
    r"发言人|新闻|媒体|联系人|负责人|董事|总裁|总经理|ceo|首席|创始人|"
    r"创办人|法定代表|经理|主任|局长|部长|院长|教授|医生|律师|主席|执行长|"
    r"主管|spokes|media|press|chief|director|founder|president|chair|"
    r"minister|professor|dr\b|head of|officer|contact|传播部|公关|品牌部",
    re.IGNORECASE,
)
_HALF_PHONE = re.compile(r"(?<![\d*])(?:1[3-9]\d?|09\d{0,2}-?)[*x×＊•]{3,8}-?\d{2,4}(?![\d*])")
_NUMBERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("id", re.compile(r"(?<![\d*])[1-9]\d{5,13}[*x×＊•]{3,8}[\dx]{0,4}(?![\d*])")),
    ("phone", re.compile(r"(?<![\d*-])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?![\d*])")),
    (
        "phone",
        re.compile(r"(?<![\d*-])(?:\+?886[- ]?9\d{2}|09\d{2})[- ]?\d{3}[- ]?\d{3}(?![\d*])"),
    ),
    ("phone", re.compile(r"(?<![\d*])(?:\+44 ?7\d{3}|07\d{3}) ?\d{3} ?\d{3}(?!\d)")),
    (
        "id",
        re.compile(
            r"(?<![\d*])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dx](?![\d*])"
        ),
    ),
    ("id", re.compile(r"(?<![a-z\d])[a-z][12]\d{8}(?!\d)")),
    (
        "plate",
        re.compile(
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
            r"[a-z][·.・ -]?[a-z0-9]{5,6}(?![a-z0-9])"
        ),
    ),
    (
        "plate",
        re.compile(
            r"(?:车牌|车号|plate|registration)"
            r"[^\d\na-z]{0,6}[a-z0-9]{2,4}[- ]?[a-z0-9]{3,4}(?![a-z0-9])"
        ),
    ),
    (
        "card",
        re.compile(
            r"(?<![\d*-])(?:\d{4}[- ]){3}\d{3,7}(?!\d)|(?:卡号|银行卡|账号|card|"
            r"account)[^\d\n]{0,8}\d{12,19}(?!\d)"
        ),
    ),
    (
        "order",
        re.compile(
            r"(?:订单|运单|快递单|物流单|(?<![检验报抽测批])单号|订单编号|order|booking|tracking|"
            r"waybill|reference|ticket)(?:编?号码?| number| no\.?| id| reference)?"
            r"[^\w\n]{0,3}(?:为"
            r"|是|#)?[^\w\n]{0,2}(?=[a-z-]{0,30}\d)[a-z0-9][a-z0-9-]{5,60}"
        ),
    ),
    (
        "address",
        re.compile(
            r"(?:[\u4e00-\u9fff]{2,8}(?:路|街|大道|巷|弄|段)\d+(?:号|弄|巷)[\u4e00-\u9fff\d]{0,8}(?:\d+(?:室"
            r"|楼|单元|栋|幢|户|号))|[\u4e00-\u9fff]{2,10}(?:小区|花园|公寓|家园|"
            r"新村|苑|公馆|社区)\d+(?:栋|号楼|幢|号|单元|座)(?:\d+(?:单元|室|"
            r"楼|号))?(?:\d+室?)?|\d{1,3}(?:栋|号楼|幢|座)(?:\d{1,2}单元)?\d{2,4}(?:室|户))"
        ),
    ),
    (
        "address",
        re.compile(
            r"(?:家住|住在|住址|住处|居住在|住)[^,。\n]{0,12}(?:路|街|巷|弄|小区|"
            r"花园|公寓|村|大道|苑)[^,。\n]{0,4}\d+[号栋幢]"
        ),
    ),
    (
        "address",
        re.compile(
            r"\b(?:of|at|lives at|living at|address(?: is|:)?) "
            r"\d{1,4}[a-z]? [a-z]+(?: [a-z]+)? (?:lane|"
            r"street|road|avenue|close|drive|way|court|place|crescent)\b"
        ),
    ),
    (
        "wechat",
        re.compile(
            r"(?<![方服众])微信号[:为是 ]*[a-z][a-z0-9_-]{5,}|"
            r"(?:顾客|用户|客户|当事人|投诉人|发帖人|其|他|她|对方|该顾客|customer'?s?)的?(?:微"
            r"信号?|qq号?|抖音号?|小红书号?|邮箱|line id|账号|wechat|email)"
            r"[:为是 ]*[a-z0-9_.@-]{5,}"
        ),
    ),
)
_COMPANY_LINE = re.compile(
    r"热线|客服|专线|服务电|媒体|联系电|咨询|联系我们|公司电|值班|官方|"
    r"拨打|致电|call us|hotline|helpline|media|contact|press|洽"
)
_PRIVATE = re.compile(
    r"顾客|用户|客户|消费者|车主|当事人|投诉人|该|其|她|他的|本人|女士|"
    r"先生|机主|家长|乘客|伤者|投诉者|收件|customer|her |his |complainant|"
    r"their "
)
_HEALTH = re.compile(
    r"(?:该|这位|这名|当事|一名|投诉的|涉事|那位|其|她|他|此)?(?:顾客|"
    r"用户|客户|消费者|当事人|伤者|女士|先生|员工|家长|乘客|孩子|老人|"
    r"投诉人|车主|会员|女儿|儿子|母亲|父亲|妻子|丈夫|宝宝|太太|其|她|他|本人)(?:本人|自身)?[^,。\n]{0,6}(?:查出|检出|得过|被诊断|诊断)过?[^,。\n]{0,4}"
    r"(?:炎|癌|症|瘤|病|结节|阳性|血压|糖尿|抑郁|障碍)|"
    r"(?:顾客|用户|客户|消费者|伤者|女士|先生|员工|家长|乘客|孩子|老人|车主|会员|女儿|儿子|"
    r"母亲|父亲|其|她|他|本人)[^,。\n]{0,6}(?:患有|"
    r"患|确诊|罹患|有[^,。\n]{0,4}(?:病史|精神|抑郁|疾病|癫痫|心脏病|"
    r"糖尿病|艾滋|乙肝|过敏史)|是[^,。\n]{0,4}(?:患者|孕妇|精神病)|怀孕|"
    r"流产|服用[^,。\n]{0,6}药|长期服药|精神(?:状态|异常|疾病)|既往病史|"
    r"感染了?(?:艾滋|hiv|乙肝)|曾做过[^,。\n]{0,6}手术)"
    r"|\b(?:she|he|the customer|the passenger|the patient|the complainant|"
    r"this customer|the employee|the buyer)[^.,\n]{0,12} (?:suffers? from|"
    r"was diagnosed|has been diagnosed|is pregnant|was pregnant|has (?:a history of|"
    r"diabetes|epilepsy|depression|asthma|cancer|hiv|a heart condition|"
    r"a mental)|had (?:a history of|depression|asthma|cancer)|takes medication|"
    r"was taking medication)"
)


def personal_data(reading: Reading) -> Iterator[Hit]:
    """Yield what identifies a private person; hotlines and named spokespersons are no findings."""
    names = list(_names(reading))
    found: list[tuple[Span, str]] = [*names, *_numbers(reading)]
    found += _half_numbers(reading, [span for span, _ in names])
    found += [(Span(*match.span()), "health") for match in _HEALTH.finditer(reading.flat)]
    for span, what in sorted(found):
        yield Hit("personal-data", span, what)


def _names(reading: Reading) -> Iterator[tuple[Span, str]]:
    for pattern in _NAMES:
        for match in pattern.finditer(reading.flat):
            span = Span(*match.span("name"))
            before = reading.flat[max(0, span.start - 14) : span.start]
            if not _PUBLIC_ROLE.search(before.rsplit("。", 1)[-1]):
                yield Span(match.start(), match.end()), "name"
    for match in _ACCUSED_NAME.finditer(reading.flat):
        if _is_accused(reading, Span(*match.span())):
            yield Span(*match.span()), "name"
    for match in _NAME_EN.finditer(reading.text):
        start = match.start()
        sentence = reading.sentence_at(Span(start, match.end()))
        if _is_accused(reading, Span(start, match.end())):
            yield Span(start, match.end()), "name"
            continue
        around = reading.text[max(sentence.start, start - 40) : start]
        if not _PUBLIC_ROLE.search(around) and not _PUBLIC_ROLE.search(
            reading.text[match.end() : match.end() + 24].split(".")[0]
        ):
            yield Span(start, match.end()), "name"


def _is_accused(reading: Reading, name: Span) -> bool:
    """Say whether the sentence accuses whom it names, and does not let them speak."""
    sentence = reading.of(reading.sentence_at(name))
    after = reading.flat[name.end : name.end + 10]
    return bool(_ACCUSED.search(sentence)) and not _SPEAKS.search(after)


def _half_numbers(reading: Reading, names: list[Span]) -> Iterator[tuple[Span, str]]:
    """Yield masked phone numbers beside a name: friends and colleagues still know who it is."""
    for match in _HALF_PHONE.finditer(reading.flat):
        span = Span(*match.span())
        if any(name.within(reading.sentence_at(span)) for name in names):
            yield span, "phone"


def _numbers(reading: Reading) -> Iterator[tuple[Span, str]]:
    official = {
        re.sub(r"\D", "", fact.value) for fact in reading.statement.facts.values() if fact.value
    }
    for what, pattern in _NUMBERS:
        for match in pattern.finditer(reading.flat):
            span = Span(*match.span())
            digits = re.sub(r"\D", "", match.group())
            before = reading.flat[max(0, span.start - 14) : span.start]
            if what == "phone" and (
                any(digits in value for value in official)
                or (_COMPANY_LINE.search(before) and not _PRIVATE.search(before))
            ):
                continue
            if what == "address" and not _PRIVATE.search(reading.of(reading.sentence_at(span))):
                continue
            yield span, what
