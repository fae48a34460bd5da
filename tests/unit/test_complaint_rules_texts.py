"""Texts written for the complaint rules, with labels, and how well the rules do on them.

``TUNED`` was read while the rules were written. ``BLIND`` was written before any rule and only ever
scored, so it tells more. None of them comes from anywhere else.
"""

from typing import NamedTuple

import pytest

from listener.complaints import ComplaintJudgement, Severity, classify


class Labelled(NamedTuple):
    """One text and what a careful reader says of it; ``also`` is a second type that is right."""

    text: str
    type: str
    severity: str
    also: str = ""


class Scores(NamedTuple):
    """F1 of is_complaint, accuracy of the type of true complaints, macro-F1 of severity."""

    complaint: float
    type: float
    severity: float


TUNED: tuple[Labelled, ...] = (
    Labelled("刚穿两回的羽绒服就开始钻毛，背后全是白毛。", "product_quality", "general"),
    Labelled("电饭锅内胆涂层一块一块往下掉，煮出来的饭里都是黑渣。", "product_quality", "general"),
    Labelled("牛奶保质期明明还有俩月，倒出来全结块了，一股酸臭味。", "product_quality", "general"),
    Labelled("平板充着电突然鼓起来把屏幕顶开了，吓得我不敢放卧室。", "product_quality", "urgent"),
    Labelled("孩子吃了你们家的虾饼一晚上吐了四回，凌晨去的急诊。", "product_quality", "urgent"),
    Labelled("買的檯燈沒用滿一個禮拜就不會亮了，燈泡換過也沒用。", "product_quality", "general"),
    Labelled("个杯啱啱买返嚟就裂咗條痕，斟水即刻漏。", "product_quality", "general"),
    Labelled(
        "鞋子拿去给懂行的朋友看，一眼假，钢印都是歪的，假鞋还卖我一千六。",
        "product_quality",
        "serious",
    ),
    Labelled(
        "The kettle started leaking from the base after a week of normal use.",
        "product_quality",
        "general",
    ),
    Labelled("酱牛肉里咬到一截铁丝，差点把牙崩了。", "product_quality", "general"),
    Labelled("厉害厉害，新买的鼠标左键三天就罢工了。", "product_quality", "general"),
    Labelled("美瞳戴了半小时眼睛红肿流泪，医院说角膜上皮脱落。", "product_quality", "urgent"),
    Labelled("说48小时发货，五天过去了还是待发货，催了也没动静。", "order_delivery", "general"),
    Labelled("快递员直接把箱子扔楼下花坛，下了一夜雨，书全泡了。", "order_delivery", "general"),
    Labelled("外卖显示已送达，门口啥也没有，骑手电话关机。", "order_delivery", "general"),
    Labelled("買了三件只寄來一件，剩下兩件問都問不到。", "order_delivery", "general"),
    Labelled("给女儿订的毕业典礼礼服，仪式都结束了才派件，白订了。", "order_delivery", "serious"),
    Labelled("Ordered a size 9, got a size 6 in a box that says 9.", "order_delivery", "general"),
    Labelled(
        "玻璃花瓶到手碎成渣，外面就套了一个塑料袋，连层泡沫都没有。", "order_delivery", "general"
    ),
    Labelled(
        "下单成功第二天单方面取消，理由是标错价，找客服三次都说不补。", "order_delivery", "serious"
    ),
    Labelled("件喺集運倉停咗成個月，問極都話安排緊。", "order_delivery", "serious"),
    Labelled("问了一句有没有现货，客服回我自己不会看页面啊。", "service_attitude", "general"),
    Labelled(
        "柜台小姑娘全程玩手机，喊她三声才抬头，还一脸不耐烦。", "service_attitude", "general"
    ),
    Labelled(
        "客服热线永远在忙，按了一圈又回到主菜单，转人工比登天还难。", "service_attitude", "general"
    ),
    Labelled("我就说了句能不能快点，店员张口就骂我有病。", "service_attitude", "serious"),
    Labelled(
        "反映同一个问题找了五个客服，每个都让我重新讲一遍，讲完就没下文。",
        "service_attitude",
        "serious",
    ),
    Labelled("服務生把菜單甩在桌上就走，叫他加水當沒聽見。", "service_attitude", "general"),
    Labelled(
        "Your agent kept pasting the same script and then closed the ticket on me.",
        "service_attitude",
        "general",
    ),
    Labelled("您的问题已为您记录。好的，感谢你们记录了半个月🙂", "service_attitude", "serious"),
    Labelled("衣服吊牌都没剪，退货被驳回，理由是影响二次销售。", "refund_return", "serious"),
    Labelled("东西早退回去了，仓库也签收了，钱就是不退。", "refund_return", "general"),
    Labelled("健身卡还剩大半年，店门一关老板失联，三千多块打水漂。", "refund_return", "serious"),
    Labelled("退个鞋扣我百分之二十折旧费，试了一下脚而已。", "refund_return", "general"),
    Labelled("網購退貨寄回去兩個禮拜，說還在驗貨，款項一直沒下來。", "refund_return", "serious"),
    Labelled(
        'Returned it in March, it\'s June, and the refund is still "processing".',
        "refund_return",
        "serious",
    ),
    Labelled("培训班停课了，说好的退学费一拖再拖，从去年拖到现在。", "refund_return", "serious"),
    Labelled("按金話七日內退，而家都第三日喇仲未見，問佢又話等下先。", "refund_return", "general"),
    Labelled("买完保险当晚就接到六个推销电话，连我车牌号都知道。", "privacy_security", "serious"),
    Labelled(
        "一个记账软件要我的位置和相册权限，不给就闪退给我看。", "privacy_security", "general"
    ),
    Labelled(
        "账号半夜被人在外地登录，绑定手机都给改了，申诉三次不通过。", "privacy_security", "serious"
    ),
    Labelled("暗网上有人打包卖你们家几十万用户的住址和身份证照片。", "privacy_security", "urgent"),
    Labelled("假客服报得出我刚下的订单，我爸信了，被骗走两万三。", "privacy_security", "urgent"),
    Labelled(
        "會員資料被外流，這幾天一直接到詐騙簡訊，客服只會說加強宣導。",
        "privacy_security",
        "serious",
    ),
    Labelled(
        "删个账户要手持身份证拍照再等六十天，注册的时候怎么没这么麻烦。",
        "privacy_security",
        "general",
    ),
    Labelled(
        "They put my full name and phone number on the public tracking page. Take it down.",
        "privacy_security",
        "serious",
    ),
    Labelled("冰箱修了两次还是不制冷，师傅来一趟收一趟上门费。", "after_sales", "serious"),
    Labelled("保修期还有半年，网点说进过水不给保，可我从来没碰过水。", "after_sales", "serious"),
    Labelled("说好周日来装橱柜，师傅放鸽子，改约又改约。", "after_sales", "general"),
    Labelled("換個電池報價比買新的還貴，零件還要等一個月。", "after_sales", "general"),
    Labelled("寄修回来外壳多了三道划痕，问就是原来就有。", "after_sales", "general"),
    Labelled(
        "Warranty claim denied because I can't find the paper receipt, though the order is in their own system.",
        "after_sales",
        "serious",
    ),
    Labelled("部电视拎去整咗两次，返嚟一样係花屏。", "after_sales", "serious"),
    Labelled("安装工走之前张口就要两百块高空费，下单的时候根本没提。", "after_sales", "general"),
    Labelled("前脚付完尾款后脚就降了三百，保价入口直接消失。", "price_promo", "general"),
    Labelled("老用户看到的会员价比新号贵一倍，当我们傻。", "price_promo", "general"),
    Labelled("说是买一送一，付款时候送的那件要另外加钱。", "price_promo", "general"),
    Labelled(
        "試用一個月免費，結果偷偷幫我續了年費兩千九百九，取消按鈕藏到找不到。",
        "price_promo",
        "general",
    ),
    Labelled("奶茶一年涨了三回价，杯子还越来越小。", "price_promo", "general"),
    Labelled("券领了一大堆，结算时一张都不能用，逗我玩呢。", "price_promo", "general"),
    Labelled(
        'The price jumped by 30% between my cart and the checkout page, with a "convenience fee" on top.',
        "price_promo",
        "general",
    ),
    Labelled("菜单没标价，结账一只螃蟹四百八，吃的是金子吗？", "price_promo", "general"),
    Labelled("下单时卡了一下，钱被扣了两遍，订单只有一个。", "payment", "serious"),
    Labelled("没开通过免密，早上一看被划走五百八，找谁说理去。", "payment", "serious"),
    Labelled("充值一百没到账，刷新几十次余额还是零。", "payment", "serious"),
    Labelled("信用卡綁定一直顯示驗證失敗，換瀏覽器也一樣，根本結不了帳。", "payment", "general"),
    Labelled("押金预授权说即时解冻，半个月了额度还占着。", "payment", "serious"),
    Labelled("支付宝微信都付不了款，购物车里的东西全抢光了。", "payment", "general"),
    Labelled(
        "My card was charged twice for one ticket and nobody can tell me when I'll get it back.",
        "payment",
        "serious",
    ),
    Labelled(
        "今天全城加油站扫码都扣了钱不出小票，加油的人堵到了马路上，系统到现在没恢复。",
        "payment",
        "urgent",
    ),
    Labelled("宣传说七天瘦十斤，喝了一个月一两没掉，还胖了。", "false_advertising", "general"),
    Labelled("直播间吹的是头层牛皮，收到手一股塑料味的人造革。", "false_advertising", "general"),
    Labelled("评论区清一色五星，细看文案一模一样，都是刷的吧。", "false_advertising", "general"),
    Labelled("標榜無添加，成分表一翻防腐劑三種。", "false_advertising", "general"),
    Labelled(
        "号称签了合同包就业，学完让我去发传单，学费一万二，骗局！", "false_advertising", "serious"
    ),
    Labelled(
        'The listing said "brand new", what arrived has someone\'s photos on it.',
        "false_advertising",
        "general",
        "product_quality",
    ),
    Labelled("照片里大床落地窗，进去一看是地下室加一扇通风口。", "false_advertising", "general"),
    Labelled("新版本一点开就白屏，清缓存重装都试过了。", "tech_support", "general"),
    Labelled("服务器又双叒叕崩了，周末一到准时掉线。", "tech_support", "general"),
    Labelled("升级完系统电量一小时掉一半，还不让降级。", "tech_support", "general"),
    Labelled("全国各地都在反映登录不了，我们公司几百号人今天没法办公。", "tech_support", "urgent"),
    Labelled(
        "更新後聯絡人全部不見，備份也還原不了，十年的訊息都沒了。", "tech_support", "serious"
    ),
    Labelled(
        "App keeps logging me out every five minutes since the last update.",
        "tech_support",
        "general",
    ),
    Labelled("个app成日hang机，撳落去冇反应。", "tech_support", "general"),
    Labelled("提交工单三周，就收到一封自动回复，接口还是报错。", "tech_support", "serious"),
    Labelled("门店招聘写着不要某某省的人，2024年了还搞地域歧视。", "conduct_ethics", "serious"),
    Labelled("广告拍得跟擦边视频似的，卖个洗发水至于吗。", "conduct_ethics", "general"),
    Labelled(
        "加班到凌晨猝死一个，公司第二天就把工位清了，还让大家别乱说。", "conduct_ethics", "urgent"
    ),
    Labelled("一邊喊減碳一邊把沒賣完的衣服全燒掉，噁心。", "conduct_ethics", "general"),
    Labelled("经理对女实习生动手动脚，人事让她“别闹大”。", "conduct_ethics", "serious"),
    Labelled(
        "The guard made my dad empty his pockets just because of his accent.",
        "conduct_ethics",
        "serious",
    ),
    Labelled("游乐园排队三小时，连个遮阳棚都没有，晒得人发晕。", "other", "general"),
    Labelled("你们店门口的音响从早响到晚，住楼上的没法午休。", "other", "general"),
    Labelled("電影院冷氣開太強，看到一半冷到發抖。", "other", "general"),
    Labelled("应聘填了四十分钟的网申，提交完提示职位已关闭。", "other", "general"),
    Labelled("求问这款加湿器声音大不大？准备放宝宝房间。", "none", "none"),
    Labelled("有人用过他们家的分期吗，利息高不高", "none", "none"),
    Labelled("太绝了这个口红，黄皮涂上直接白两度，闭眼入！", "none", "none"),
    Labelled("快递小哥大热天爬六楼送上来，必须点个赞。", "none", "none"),
    Labelled("用了一整年，没掉过漆，没卡过顿，值这个价。", "none", "none"),
    Labelled("之前屏幕有条亮线，寄回去三天就换了新的，售后没得说。", "none", "none"),
    Labelled("国家市场监督管理总局通报十五批次食品抽检不合格情况。", "none", "none"),
    Labelled("某手机品牌今日举行新品发布会，起售价2999元。", "none", "none"),
    Labelled("新店开业，进店就送，消费满百抽奖，欢迎新老顾客光临！", "none", "none"),
    Labelled("代办信用卡提额，秒到账，无前期费用，加微信详聊。", "none", "none"),
    Labelled("这电影结局太坑了，编剧你出来我保证不打你。", "none", "none"),
    Labelled("暴雨下得地铁口都成瀑布了，今天谁也别想准时上班。", "none", "none"),
    Labelled("要是退款一直不到账应该找哪个部门？先存着备用。", "none", "none"),
    Labelled("从来没遇到过客服不理人的情况，每次秒回。", "none", "none"),
    Labelled("怕寄来是坏的，结果拆开完好无损，虚惊一场。", "none", "none"),
    Labelled("警告！这家烧烤千万别来，来了就不想走，胖了别怪我。", "none", "none"),
    Labelled("我宣布我被这杯奶茶诈骗了，骗走的是我的体重。", "none", "none"),
    Labelled("想請問退貨要附發票嗎？還是憑訂單就可以？", "none", "none"),
    Labelled("呢間舖啲職員好好人，執漏咗嘢即刻追出嚟俾返我。", "none", "none"),
    Labelled("Not a single issue in two years. Worth every penny.", "none", "none"),
    Labelled("Is the battery replaceable, or do I have to send it in?", "none", "none"),
    Labelled(
        "The regulator announced new rules on automatic renewals, effective next March.",
        "none",
        "none",
    ),
    Labelled("本店郑重声明：我们从未授权任何第三方代理加盟，谨防上当。", "none", "none"),
    Labelled("不是产品有问题，是我把电池装反了，尴尬。", "none", "none"),
    Labelled("论文被导师打回来第五次，我要投诉我的脑子。", "none", "none"),
    Labelled("多收的三十块当天就退回来了，还道了歉，这态度没话说。", "none", "none"),
    Labelled("听说他家老是漏发，我买了八次一次都没漏过。", "none", "none"),
    Labelled("昨晚那把排位被队友气到卡死，心态崩了。", "none", "none"),
    Labelled("客服岗位招聘：要求普通话标准，有处理投诉经验者优先。", "none", "none"),
    Labelled("今天去取快递，顺便遛了个弯。", "none", "none"),
    Labelled("拍这么好看，让我怎么甘心用回旧手机啊，过分！", "none", "none"),
    Labelled("退款隔天就進帳了，比想像中快很多，大推。", "none", "none"),
    Labelled(
        "戒指戴了俩月，手指头绿了一圈，说好的银呢。",
        "product_quality",
        "general",
        "false_advertising",
    ),
    Labelled("儿子的书包背带周一缝好周三又断，我都快成裁缝了。", "product_quality", "general"),
    Labelled("打开火锅底料，里头躺着半截橡皮筋，胃口全没。", "product_quality", "general"),
    Labelled(
        "第一次洗就把我一桶白衬衫染成粉的，这红裙子是颜料做的吧。", "product_quality", "general"
    ),
    Labelled("投影仪开机像直升机起飞，画面还带两条竖线。", "product_quality", "general"),
    Labelled(
        "冲奶粉的时候倒出来一只死虫，孩子都喝了半罐了，现在一直拉稀。", "product_quality", "urgent"
    ),
    Labelled(
        "充电线插上就烫手，昨晚接头直接烧黑了一块，床单都燎了个洞。", "product_quality", "urgent"
    ),
    Labelled("店裡買的燕窩拿去化驗，說是豬皮做的，黑心到極點。", "product_quality", "serious"),
    Labelled("对新鞋行咗半日，个底就甩咗出嚟，成街人望住我。", "product_quality", "general"),
    Labelled(
        'The "stainless" pan rusted before I finished the manual.',
        "product_quality",
        "general",
        "false_advertising",
    ),
    Labelled("洗衣凝珠洗完衣服一片一片的白印子，等于白洗。", "product_quality", "general"),
    Labelled("草莓上面一层红的，翻开底下全是烂的长毛的。", "product_quality", "general"),
    Labelled(
        "车才开两千公里，变速箱一脚油门一声响，跟拖拉机一个待遇。", "product_quality", "general"
    ),
    Labelled("真行，五百块的充电宝，给手机充一次自己先没电。", "product_quality", "general"),
    Labelled("等了一个礼拜的猫粮，拆开是一袋水泥一样硬的狗粮。", "order_delivery", "serious"),
    Labelled(
        "骑手点了送达人还在两公里外，地图上看得清清楚楚，饭到的时候米都硬了。",
        "order_delivery",
        "general",
    ),
    Labelled(
        "寄存的行李箱取回来轮子少一个，锁也撬了，航空公司说自认倒霉。", "order_delivery", "general"
    ),
    Labelled("让送到家门口偏给我丢便利店，六十斤的猫砂我背回去的。", "order_delivery", "general"),
    Labelled("網購的月餅中秋過完才到，賣家說颱風，可是別家都準時。", "order_delivery", "general"),
    Labelled(
        "我订的是靠窗双人间，到了给我安排两张上下铺，前台说系统就这样。",
        "order_delivery",
        "general",
    ),
    Labelled(
        "Two of the four chairs arrived, the other two are apparently on a world tour.",
        "order_delivery",
        "general",
    ),
    Labelled(
        "代购的包卡海关四十天，卖家从一天回三条到现在一条不回。", "order_delivery", "serious"
    ),
    Labelled(
        "寄给客户的样品被快递弄丢，赔我三倍运费三十六块，样品值四千。", "order_delivery", "serious"
    ),
    Labelled("加急费交了，比平邮还晚两天，这急加到哪去了。", "order_delivery", "general"),
    Labelled("份外卖洒到得返个盒，连张纸巾都冇。", "order_delivery", "general"),
    Labelled("买家具送来少一包螺丝，床板只能先靠墙立着。", "order_delivery", "general"),
    Labelled("排到我了窗口阿姨说下班，抬手就把帘子拉上。", "service_attitude", "general"),
    Labelled("我一句话没说完她就“哦”一声转头跟同事讨论晚上吃啥。", "service_attitude", "general"),
    Labelled(
        "在线客服显示前面还有一百二十人，两小时后变成一百二十三人。", "service_attitude", "general"
    ),
    Labelled("催个进度，对面来一句“你急什么急，又不是就你一个”。", "service_attitude", "general"),
    Labelled("店長在群組裡公開罵我奧客，還叫其他客人一起笑。", "service_attitude", "serious"),
    Labelled("收银的把零钱往台面一撒，硬币滚一地，让我自己捡。", "service_attitude", "general"),
    Labelled(
        "打客服必须先听三分钟广告，再选八个菜单，最后告诉我非工作时间。",
        "service_attitude",
        "general",
    ),
    Labelled(
        "Every rep says someone will call me back within 24 hours. It's been eleven days of 24 hours.",
        "service_attitude",
        "serious",
    ),
    Labelled("师傅一进门就嫌我家小，说住这种地方还讲究什么。", "service_attitude", "serious"),
    Labelled("同一个诉求讲给六个人听，第七个问我有什么可以帮您。", "service_attitude", "serious"),
    Labelled("句句都系“系统冇显示”，我企喺你面前你都话冇显示。", "service_attitude", "general"),
    Labelled(
        "定金五千，婚礼取消疫情原因，酒店一毛不退还要我补违约金。", "refund_return", "serious"
    ),
    Labelled(
        "买错一件想退，物流拦截费十五、验货费十、包装费五，最后退我负数？",
        "refund_return",
        "general",
    ),
    Labelled("钱退到一张早注销的卡上，客服说已退款成功，跟他们无关。", "refund_return", "general"),
    Labelled("舞蹈班换了老板，新老板说前面的卡一概不认。", "refund_return", "general"),
    Labelled("退租兩個月了押金還在「走流程」，房東電話也不接。", "refund_return", "serious"),
    Labelled(
        "买的课一节没听，申请退费说已超过二十四小时，合同藏在第九页。", "refund_return", "general"
    ),
    Labelled(
        "They offered me 10% back on a sofa that arrived in two pieces and called it generous.",
        "refund_return",
        "general",
        "order_delivery",
    ),
    Labelled(
        "退货让我自己垫运费八十，商家拒签又给我退回来，来回折腾三趟。", "refund_return", "serious"
    ),
    Labelled("健身会籍说可以转让，真要转又收三成手续费。", "refund_return", "general"),
    Labelled(
        "件衫质地差到不得了，想退，店员话减价货恕不退换。",
        "refund_return",
        "general",
        "product_quality",
    ),
    Labelled(
        "看房只留了个电话，当天晚上七家装修公司问我几号交房。", "privacy_security", "serious"
    ),
    Labelled("输入法把我跟医生说的病名变成了第二天的广告。", "privacy_security", "general"),
    Labelled(
        "公司系统谁都能搜别人的工资条，我顺手一搜连老板的都有。",
        "privacy_security",
        "urgent",
        "conduct_ethics",
    ),
    Labelled("不让注销，要先绑定新手机号才能解绑旧的，死循环。", "privacy_security", "general"),
    Labelled("前男友查到我住哪，一问是外卖平台客服告诉他的。", "privacy_security", "serious"),
    Labelled(
        "登入後顯示另一個人的訂單，他的地址電話我全看得到，那我的呢？",
        "privacy_security",
        "serious",
    ),
    Labelled(
        "My daughter's school photo is on your billboard. Nobody asked us.",
        "privacy_security",
        "serious",
    ),
    Labelled(
        "用咗你哋个wifi之后，日日收到唔同银行嘅假短讯，连我个姓都啱。",
        "privacy_security",
        "serious",
    ),
    Labelled(
        "贷款软件偷偷给我通讯录里每个人发催收短信，我妈都收到了，我压根没逾期。",
        "privacy_security",
        "serious",
    ),
    Labelled("住客登记本摊在前台，谁来都能翻，身份证号一目了然。", "privacy_security", "general"),
    Labelled("预约的上午九点维修，下午六点来电话说今天来不了。", "after_sales", "general"),
    Labelled(
        "油烟机三年质保，第二年要清洗费、拆装费、检测费，加起来够买台新的。",
        "after_sales",
        "general",
    ),
    Labelled("换了个电池，回来后置摄像头糊了，店里说跟他们没关系。", "after_sales", "general"),
    Labelled("送去保养，行车记录仪里听见师傅说“这车主不懂，多报俩件”。", "after_sales", "serious"),
    Labelled("原廠說我的機型已經不在維修清單，才買三年。", "after_sales", "general"),
    Labelled("窗帘杆装完第二天整个掉下来，差点砸到宝宝。", "after_sales", "urgent"),
    Labelled("手机进厂一个半月，问进度永远是“检测中”。", "after_sales", "serious"),
    Labelled(
        "Technician came, took a photo, left, marked it resolved. The boiler is still cold.",
        "after_sales",
        "general",
    ),
    Labelled("说好终身免费保养，换了店长就不算数了。", "after_sales", "general"),
    Labelled("部冷气整完仲漏水，师傅话系我间屋问题。", "after_sales", "general"),
    Labelled("自助餐写着八十八，结账说那是儿童价。", "price_promo", "general"),
    Labelled("刚续完年费，新人首年三折的海报就糊我脸上。", "price_promo", "general"),
    Labelled("看两眼机票就涨一百，退出来换手机看又降回去。", "price_promo", "general"),
    Labelled("四人套餐端上来够一个人吃，价格倒是四个人的。", "price_promo", "general"),
    Labelled("說是週年慶下殺，翻出上個月發票，現在還貴兩百。", "price_promo", "general"),
    Labelled("打车一公里排队费都比车费贵，还得加小费才有人接。", "price_promo", "general"),
    Labelled("领券要分享三个群，分享完告诉我已领光。", "price_promo", "general"),
    Labelled(
        "Gym raised the monthly rate by email at midnight, effective the next morning.",
        "price_promo",
        "general",
    ),
    Labelled("免费停车两小时，出来算两小时零一分，按四小时收。", "price_promo", "general"),
    Labelled("充三百送一百，那一百只能在周二下午用，还得满五百。", "price_promo", "general"),
    Labelled("宠物医院一个拔牙报价四千八，隔壁八百，你们牙是金的？", "price_promo", "serious"),
    Labelled("地铁出站闸机扣了我六块，回头一看行程里又补扣一笔十四块。", "payment", "serious"),
    Labelled("话费充了两百，短信说充值成功，余额一分没多。", "payment", "serious"),
    Labelled("自助贩卖机吞了二十块，可乐没出来，扫码报修没人理。", "payment", "serious"),
    Labelled("解绑信用卡按钮是灰的，删不掉，心里发毛。", "payment", "general"),
    Labelled("信用卡半夜被刷三筆國外交易共兩萬八，銀行說要我自己先付。", "payment", "serious"),
    Labelled("分期莫名其妙给我默认成十二期，多出两百利息，我选的是全款。", "payment", "serious"),
    Labelled("Tapped once at the turnstile, billed for three rides.", "payment", "serious"),
    Labelled("付款码一直转，后面排队的人都在叹气，最后我翻出了现金。", "payment", "general"),
    Labelled(
        "全县的公交刷卡机今天一上车就扣十次，满车人都在骂，司机也没办法。", "payment", "urgent"
    ),
    Labelled("工资卡被平台莫名冻结，提现申请躺了九天没人审。", "payment", "serious"),
    Labelled("号称百年老店，工商一查去年三月注册的。", "false_advertising", "general"),
    Labelled(
        "招聘写月入过万，去了才知道要先交三千培训费，骗子公司。", "false_advertising", "serious"
    ),
    Labelled("菜单上那碗面铺满牛肉，端上来我数了，三片，透光的。", "false_advertising", "general"),
    Labelled("生发液用了半年，头发没长，钱包先秃了。", "false_advertising", "general"),
    Labelled("網紅說她每天用的保養品，後來自己直播說根本沒用過。", "false_advertising", "general"),
    Labelled(
        "视力训练班说能摘掉眼镜，一万六花完孩子度数涨了七十五。", "false_advertising", "serious"
    ),
    Labelled(
        "The ad shows a family of four in that pod. It barely fits my suitcase.",
        "false_advertising",
        "general",
    ),
    Labelled("买前说支持终身升级，买后说终身指的是产品的终身。", "false_advertising", "general"),
    Labelled("好评全是“回购第八次”，店才开俩月，回购得挺勤。", "false_advertising", "general"),
    Labelled(
        "個模特着到似仙女，我着到似窗帘，条料完全两样。",
        "false_advertising",
        "general",
        "product_quality",
    ),
    Labelled("点保存，转一圈，提示成功，再打开还是老样子。", "tech_support", "general"),
    Labelled("更新完指纹解锁没了，人脸也不认，只能输十六位密码。", "tech_support", "general"),
    Labelled("扫地机地图一升级全没，又得满屋子重新跑一遍。", "tech_support", "general"),
    Labelled("报了个bug，技术问我能不能别那样点。", "tech_support", "general"),
    Labelled("系統一到月底結帳就逾時，報修半年還是「列入規劃」。", "tech_support", "serious"),
    Labelled(
        "手机银行全省都进不去了，柜台说他们内部系统也是黑的，从早上到现在。",
        "tech_support",
        "urgent",
        "payment",
    ),
    Labelled(
        "Smart lock update failed at 2am and now my front door thinks I'm a burglar.",
        "tech_support",
        "general",
    ),
    Labelled("直播课一到重点就卡成马赛克，老师讲完了我还在缓冲。", "tech_support", "general"),
    Labelled("游戏更新完三年的号直接回到新手村，客服说建议重新体验。", "tech_support", "serious"),
    Labelled(
        "部机update完开唔到机，拎去门市话要等总公司回覆。",
        "tech_support",
        "general",
        "after_sales",
    ),
    Labelled("母亲节海报写“别让老公看见你的皱纹”，谁审的稿？", "conduct_ethics", "general"),
    Labelled(
        "仓库四十度不给开风扇，上个月倒了三个，救护车都来两回了。", "conduct_ethics", "urgent"
    ),
    Labelled("店门口挂牌“谢绝外卖员入内”，人家连水都不能进来买。", "conduct_ethics", "serious"),
    Labelled(
        "抄了一个小设计师的图案，人家找上门，回一句“欢迎起诉”。", "conduct_ethics", "general"
    ),
    Labelled("主管在群組貼女同事照片打分數，公司說只是開玩笑。", "conduct_ethics", "serious"),
    Labelled("实习三个月一分钱没给，最后说是“交学费的机会”。", "conduct_ethics", "general"),
    Labelled(
        "They pour perfectly good milk down the drain every night to keep prices up.",
        "conduct_ethics",
        "general",
    ),
    Labelled(
        "直播里拿听不懂普通话的老奶奶寻开心，满屏哈哈哈，笑得我火大。", "conduct_ethics", "serious"
    ),
    Labelled("公园饮水机修了一个夏天，牌子写“正在为您升级”。", "other", "general"),
    Labelled("演唱会散场只开一个门，五千人挤一条楼梯，吓出一身汗。", "other", "general"),
    Labelled("小区快递柜灯整夜亮着正对我窗户，拉三层窗帘都没用。", "other", "general"),
    Labelled("展館地圖跟現場完全對不上，繞了四十分鐘還在原地。", "other", "general"),
    Labelled(
        "发票抬头要改一个字，让我跑三趟，一趟一个新要求。", "other", "serious", "service_attitude"
    ),
    Labelled(
        "The only ramp into your branch is blocked by your own potted plants.", "other", "general"
    ),
    Labelled("巴士站牌嘅时间表贴住三年前嗰张，企咗四十分钟先有车。", "other", "general"),
    Labelled("想入手一台洗碗机，有没有用过觉得不香的？说说看。", "none", "none"),
    Labelled("求解：订单显示待发货三天正常吗？第一次在这家买。", "none", "none"),
    Labelled("如果飞机延误，延误险多久能赔？没买过，了解下。", "none", "none"),
    Labelled("客服小哥被我问了八百个问题居然没发火，太有耐心了哈哈。", "none", "none"),
    Labelled("别人都说他家发货慢，我这单昨天拍今天到，离谱的快。", "none", "none"),
    Labelled("去年修过一次洗衣机，师傅连拖鞋印都擦干净才走，到现在没再出毛病。", "none", "none"),
    Labelled("这破天气，快递小哥还准时送来，辛苦了。", "none", "none"),
    Labelled("这杯美式苦得像我的人生，但我就好这口。", "none", "none"),
    Labelled("气死了，凭什么这家小馆子藏这么深，我今天才发现。", "none", "none"),
    Labelled("省消保委发布直播带货调查报告，抽样样本一百二十件。", "none", "none"),
    Labelled("某新能源车企回应降价传闻：暂无调价计划。", "none", "none"),
    Labelled(
        "尊敬的用户：本平台将于今晚零点至四点进行系统维护，期间无法登录，敬请谅解。",
        "none",
        "none",
    ),
    Labelled("退款退不下来？被骗找我，先追回后付费，专业团队在线。", "none", "none"),
    Labelled("老字号清仓，原价399现价39，限前100名，评论区扣1。", "none", "none"),
    Labelled("租房避坑课今晚开播，教你三招要回押金，预约有礼。", "none", "none"),
    Labelled("昨晚梦到我的包裹被外星人签收了，笑醒。", "none", "none"),
    Labelled("我的眼镜今天罢工了，因为我坐了它一屁股。", "none", "none"),
    Labelled("孩子数学考砸了，退货还来得及吗，在线等急。", "none", "none"),
    Labelled("本來以為便宜沒好貨，結果用到現在兩年還活蹦亂跳。", "none", "none"),
    Labelled("沒有傳說中的排隊，十分鐘就坐下了，湯頭濃。", "none", "none"),
    Labelled("朋友話呢間服务差，我去咗三次都好正，可能佢撞啱。", "none", "none"),
    Labelled("有冇人知黄埔边度整手机平啲？", "none", "none"),
    Labelled("部戏烂到想退飞，导演收皮啦。", "none", "none"),
    Labelled(
        "Thought the cheap one would fall apart. Two winters later it's still my favorite coat.",
        "none",
        "none",
    ),
    Labelled(
        "They messed up my order last week, apologised, and sent a replacement plus dessert. Fair play.",
        "none",
        "none",
    ),
    Labelled("Who else is addicted to this ridiculous noodle place? Send help.", "none", "none"),
    Labelled("What's the difference between the pro and the basic plan?", "none", "none"),
    Labelled("Flash sale! 70% off all sneakers, today only, free returns.", "none", "none"),
    Labelled("我外婆的缝纫机五十年了没坏过，我的耐心三分钟就坏。", "none", "none"),
    Labelled("警方提醒：接到自称客服的退款电话一律挂断。", "none", "none"),
    Labelled("公司年会抽到一台空气炸锅，开心。", "none", "none"),
    Labelled("今天刷卡机前排队的大叔给大家讲笑话，时间过得飞快。", "none", "none"),
    Labelled(
        "冲锋衣下了场毛毛雨，里头秋衣能拧出水。", "product_quality", "general", "false_advertising"
    ),
    Labelled("宝宝餐椅的卡扣自己弹开，娃一头栽下来，额头缝了三针。", "product_quality", "urgent"),
    Labelled("拆开湿巾是干的，一整包，三年前生产的吧。", "product_quality", "general"),
    Labelled("耳钉戴一晚耳朵流脓，金店却说是我皮肤娇气。", "product_quality", "urgent"),
    Labelled("粽子咬一口，牙签比肉还多。", "product_quality", "general"),
    Labelled(
        "買的行動電源過安檢被攔下來，說標示是假的，連工廠都不存在。", "product_quality", "serious"
    ),
    Labelled("枱风扇开到二档就成个头摇到想起飞。", "product_quality", "general"),
    Labelled(
        "Third replacement blender, third burnt smell. I'm starting a collection.",
        "product_quality",
        "serious",
        "after_sales",
    ),
    Labelled("鞋码标四十二，穿上像三十九，脚趾头在里面排队。", "product_quality", "general"),
    Labelled("送的是昨天的面包，硬得能敲核桃。", "product_quality", "general", "order_delivery"),
    Labelled("说放前台，前台说没见过，快递说签了，签名是个勾。", "order_delivery", "general"),
    Labelled("订的九点的早餐，十一点半到，我是订了个寂寞。", "order_delivery", "general"),
    Labelled(
        "我买的电视变成了两个纸箱的距离，一箱到了北京，一箱还在广州。", "order_delivery", "general"
    ),
    Labelled(
        "婚庆公司把花门搭到隔壁新人的厅里去了，我的仪式光秃秃办完的。",
        "order_delivery",
        "serious",
        "service_attitude",
    ),
    Labelled(
        "賣家一直改出貨日，從五號改到二十號，現在顯示「備貨中」。", "order_delivery", "serious"
    ),
    Labelled(
        "网约车接单后在原地一动不动二十分钟，然后要我主动取消。", "order_delivery", "general"
    ),
    Labelled(
        "Fourteen items ordered, thirteen arrived, the missing one is the reason I ordered.",
        "order_delivery",
        "general",
    ),
    Labelled("骑手把汤竖着放，到家只剩料，袋子里能养鱼。", "order_delivery", "general"),
    Labelled(
        "跨省搬家约好的两万八全包，车开到半路要加八千，不给就停在服务区。",
        "order_delivery",
        "serious",
        "price_promo",
    ),
    Labelled("件嘢话送到屋企，结果打俾我话放咗喺三条街外嘅自提柜。", "order_delivery", "general"),
    Labelled("我问卫生间在哪，她拿下巴指了一下。", "service_attitude", "general"),
    Labelled("公众号留言三个月，回复我的永远是“您好，在的”。", "service_attitude", "serious"),
    Labelled("前台让我等经理，经理让我等店长，店长让我等通知。", "service_attitude", "serious"),
    Labelled("银行大堂经理当众说我爸“老糊涂了别来添乱”。", "service_attitude", "serious"),
    Labelled("問他會員點數怎麼算，他說「妳上網查啊」。", "service_attitude", "general"),
    Labelled("打通客服先夸我声音好听，夸完说帮不了。", "service_attitude", "general"),
    Labelled(
        "Left on read by a bank. Never thought I'd get ghosted by a bank.",
        "service_attitude",
        "general",
    ),
    Labelled(
        "试个口红，柜姐拿纸巾把我用过的那支狠狠擦了三遍，眼神像看脏东西。",
        "service_attitude",
        "general",
        "conduct_ethics",
    ),
    Labelled(
        "叫咗三次埋单都当我隐形，隔离台外国人一举手就到。",
        "service_attitude",
        "general",
        "conduct_ethics",
    ),
    Labelled("投诉热线接通率百分百，解决率零。", "service_attitude", "general"),
    Labelled("商场倒闭，储值卡里四百块跟着一起没了。", "refund_return", "general"),
    Labelled("不想要了想退，先让我交“退货评估金”。", "refund_return", "general"),
    Labelled("航司主动取消航班，退票还收我三成，一千二说没就没。", "refund_return", "serious"),
    Labelled("退款进度条九十九，卡了二十天。", "refund_return", "serious"),
    Labelled("會員費說滿意再付，付完說不滿意也不退。", "refund_return", "general"),
    Labelled(
        "换货寄回去，他们说没收到，签收截图甩过去，他们说那是同名。", "refund_return", "general"
    ),
    Labelled(
        "They refunded me in store points. For a store I am never entering again.",
        "refund_return",
        "general",
    ),
    Labelled(
        "早教中心说搬家，搬到哪没人知道，群也解散了，一万九的课包。", "refund_return", "serious"
    ),
    Labelled("退件要用原箱，原箱被你们快递踩成饼了。", "refund_return", "general"),
    Labelled(
        "间补习社执笠，老细人间蒸发，成班家长交咗半年学费，已经有警察落口供。",
        "refund_return",
        "urgent",
    ),
    Labelled("体检中心把我的报告寄到了前公司。", "privacy_security", "serious"),
    Labelled("下个菜谱要我人脸认证，我是炒菜还是开户？", "privacy_security", "general"),
    Labelled(
        "群发邮件没用密送，三千个求职者的邮箱电话全在收件人栏里。", "privacy_security", "urgent"
    ),
    Labelled("昨天刚办贷款，今天全世界都知道我缺钱。", "privacy_security", "serious"),
    Labelled("孩子的学习平板半夜自己亮摄像头灯，关机都关不掉。", "privacy_security", "serious"),
    Labelled("App刪了還是天天推播我附近的人，定位關不掉。", "privacy_security", "general"),
    Labelled(
        "The previous guest's passport scan was still on the hotel tablet. Where is mine now?",
        "privacy_security",
        "serious",
    ),
    Labelled("登记维修留的门锁密码，师傅走后家里进了人。", "privacy_security", "serious"),
    Labelled("连WiFi要填身份证号，商场是派出所吗。", "privacy_security", "general"),
    Labelled("张电话单俾人睇到晒，姐姐仔仲笑住讲我同边个倾得多。", "privacy_security", "serious"),
    Labelled("洗碗机漏水报修，来的人只会拍视频发群里问。", "after_sales", "general"),
    Labelled("手表送修回来，日历快一天，指针慢半小时，修了个平行宇宙。", "after_sales", "general"),
    Labelled(
        "电动车电池质保两年，一年半就趴了，说我充电姿势不对。",
        "after_sales",
        "serious",
        "product_quality",
    ),
    Labelled("门店关了，保修卡上的电话是一家火锅店的。", "after_sales", "general"),
    Labelled(
        "裝潢完三個月牆面開始剝落，設計師已讀不回。", "after_sales", "general", "service_attitude"
    ),
    Labelled("等个遥控器等了两个月，电视都成画框了。", "after_sales", "serious"),
    Labelled(
        "They replaced the screen and lost the screws. All of them.", "after_sales", "general"
    ),
    Labelled("工程師上門兩趟都說沒帶對零件，第三趟說要報廢。", "after_sales", "serious"),
    Labelled("壁挂炉冬天坏了，派单系统说最近的师傅在两百公里外。", "after_sales", "general"),
    Labelled("换个密封圈收我三百五，网上两块钱一个。", "after_sales", "general", "price_promo"),
    Labelled("免运门槛从九十九涨到一百九十九，连个公告都没有。", "price_promo", "general"),
    Labelled(
        "酒店早餐写含双早，办入住说双早是两个人里的一个。",
        "price_promo",
        "general",
        "false_advertising",
    ),
    Labelled(
        "会员免广告，免的是片头，片中插了六条。", "price_promo", "general", "false_advertising"
    ),
    Labelled(
        "超市打折标签一揭，底下原价一模一样。", "price_promo", "general", "false_advertising"
    ),
    Labelled("電信約滿沒通知，自動跳回原價，一個月多付六百。", "price_promo", "general"),
    Labelled("拼单差一人，拉了二十个还差一人，这一人是玉皇大帝吗。", "price_promo", "general"),
    Labelled(
        "Kids eat free, except weekends, holidays, dinner, and apparently Tuesdays.",
        "price_promo",
        "general",
    ),
    Labelled("理发洗剪吹八十八，坐下来变成烫染护一千六，不做不让走。", "price_promo", "serious"),
    Labelled("超市袋子从两毛偷偷变一块，收银员连问都不问直接扫。", "price_promo", "general"),
    Labelled("嗰间茶记加价加到碟头饭要七十，仲细咗碟。", "price_promo", "general"),
    Labelled("停车缴费扣了两回，岗亭说找平台，平台说找岗亭。", "payment", "serious"),
    Labelled("给老家转的钱三天了，我这边显示成功，我妈那边一分没有。", "payment", "serious"),
    Labelled("支付密码错一次锁二十四小时，我密码根本没输错。", "payment", "general"),
    Labelled("手机丢了一晚上，绑的卡被刷了七笔，最小的一笔一块钱试水。", "payment", "serious"),
    Labelled("儲值到遊戲裡的點數憑空少了一半，帳單卻沒有紀錄。", "payment", "serious"),
    Labelled("结账时优惠后六十二，短信来扣了二百六十二。", "payment", "serious"),
    Labelled("Card reader beeped, said declined, charged me anyway. Twice.", "payment", "serious"),
    Labelled("先享后付还没确认收货就把款划走了。", "payment", "serious"),
    Labelled("间店淨系收一种电子钱包，充咗又用唔晒。", "payment", "general"),
    Labelled(
        "晚高峰全市地铁扫码进不了站，闸机口挤成一锅粥，客服还让重启手机。",
        "payment",
        "urgent",
        "tech_support",
    ),
    Labelled("“手工匠人”做的皮带，背面印着出厂编号三万七。", "false_advertising", "general"),
    Labelled(
        "相亲平台说会员都实名，我约到三个，两个是托，一个卖保险。", "false_advertising", "serious"
    ),
    Labelled("护眼灯广告说防近视，孩子用一年涨一百度。", "false_advertising", "general"),
    Labelled("房东直租点进去，接电话的全是中介。", "false_advertising", "general"),
    Labelled("飯店說走路三分鐘到車站，那是用飛的吧。", "false_advertising", "general"),
    Labelled("测评博主说自费购买，评论区翻出她的广告报价单。", "false_advertising", "general"),
    Labelled(
        '"Noise cancelling" must mean cancelling my music.',
        "false_advertising",
        "general",
        "product_quality",
    ),
    Labelled("农家乐说现杀土鸡，冰箱里一排超市标签。", "false_advertising", "general"),
    Labelled(
        "学车宣传一费制，考试费、油费、夜训费一路加，多掏两千三。",
        "false_advertising",
        "serious",
        "price_promo",
    ),
    Labelled(
        "话系日本直送，盒底印住中山制造。", "false_advertising", "general", "product_quality"
    ),
    Labelled("打字打到一半键盘自己消失，换主题也一样。", "tech_support", "general"),
    Labelled("考勤软件定位在海里，我天天旷工。", "tech_support", "general"),
    Labelled("客服说“我们这边测试正常”，那我这边是另一个地球？", "tech_support", "general"),
    Labelled("雲端硬碟同步把我新檔案全覆蓋成舊的，報告明天要交。", "tech_support", "serious"),
    Labelled(
        "智能马桶联网失败不给冲水，科技改变生活。", "tech_support", "general", "product_quality"
    ),
    Labelled("全国高速收费站系统早上集体黑屏，车排了十几公里。", "tech_support", "urgent"),
    Labelled(
        "The app asks me to update. I update. The app asks me to update.",
        "tech_support",
        "general",
    ),
    Labelled("直播间音画不同步，嘴说完三秒声音才来，反映两周没动静。", "tech_support", "serious"),
    Labelled("掌上营业厅查个话费要看两段广告转三个圈。", "tech_support", "general"),
    Labelled("个天气app话今日好天，成件事佢半年冇更新过。", "tech_support", "general"),
    Labelled("店里保洁大姐六十多了，还让她爬梯子擦招牌，没绳没帽。", "conduct_ethics", "general"),
    Labelled("公司团建让新人学狗叫，不叫不给转正。", "conduct_ethics", "serious"),
    Labelled("把卖剩的鱼直接倒进河里，下游一片白肚皮。", "conduct_ethics", "general"),
    Labelled("广告词说“不会做饭的女人没人要”，这是哪个朝代的文案。", "conduct_ethics", "general"),
    Labelled("司機嫌導盲犬髒，把視障乘客丟在雨裡。", "conduct_ethics", "serious"),
    Labelled("你哋间厂请外劳，十个人瞓一间劏房，出粮仲要扣床位钱。", "conduct_ethics", "general"),
    Labelled(
        "Interns were told to write fake praise about the CEO or lose their lunch break.",
        "conduct_ethics",
        "general",
    ),
    Labelled("高速服务区女厕就三个坑，队排到停车场。", "other", "general"),
    Labelled("外墙清洗的水从我家窗户灌进来，楼管说过两天就好。", "other", "general"),
    Labelled("圖書館自習室冷氣壞了不修，門口還貼「心靜自然涼」。", "other", "general"),
    Labelled("报名表要传真，二零二五年了，传真。", "other", "general"),
    Labelled(
        'The escalator has been "temporarily" out of service since spring.', "other", "general"
    ),
    Labelled("这个枕头有没有小一号的？颈椎不太好想换一个。", "none", "none"),
    Labelled("宠物寄养一天大概多少钱，有经验的说说", "none", "none"),
    Labelled("要是保修期刚过一天坏了，厂家一般会通融吗？随便问问。", "none", "none"),
    Labelled("担心小店不靠谱，结果老板打电话来确认了两次地址，太负责了。", "none", "none"),
    Labelled("换屏预约到最后一天还能排上，师傅半小时搞定，赞。", "none", "none"),
    Labelled("上回少寄了一包，店主二话不说补了两包，还塞了糖，圈粉。", "none", "none"),
    Labelled("没中过雷，闭眼买了四年。", "none", "none"),
    Labelled("从来没想过退货这么简单，点两下就完事了。", "none", "none"),
    Labelled("这锅巴脆得像在嘴里放鞭炮，吵到我妈了哈哈。", "none", "none"),
    Labelled("投诉这家面包店，害我每天早起半小时排队，太香了。", "none", "none"),
    Labelled("我的自制力今天又闪退了，外卖点了两份。", "none", "none"),
    Labelled("雾大得航班全趴窝，老天爷不给面子。", "none", "none"),
    Labelled("小说里那个骗子客服写得太真了，作者是不是干过。", "none", "none"),
    Labelled("省药监局：三批次化妆品检出禁用物质，已责令停售。", "none", "none"),
    Labelled("某车企发布召回公告，涉及车辆四万余台，可免费升级软件。", "none", "none"),
    Labelled("各位业主：因管道检修，周三九点至十七点停水，请提前储水。", "none", "none"),
    Labelled(
        "我们已收到部分用户反馈的登录问题，工程师正在修复，预计一小时内恢复。", "none", "none"
    ),
    Labelled("法律援助中心周末开展消费维权讲座，免费参加。", "none", "none"),
    Labelled("无痕修复差评，三小时下掉，先做后付。", "none", "none"),
    Labelled("诚招快递驿站加盟，日入五百，带车优先。", "none", "none"),
    Labelled("老板娘说再打折就要哭了，我信了，买三送一！快来。", "none", "none"),
    Labelled("課堂作業：請分析一則客訴信並提出三種回覆方式。", "none", "none"),
    Labelled("請問訂單送出後還能改超商嗎？", "none", "none"),
    Labelled("看評價說會掉漆，我泡水泡了兩天，沒事。", "none", "none"),
    Labelled("之前刷卡重複請款，打去隔天就退了，客服很有禮貌。", "none", "none"),
    Labelled("個app唔使登记都用得，几好。", "none", "none"),
    Labelled("有冇人试过佢哋嘅退货？手续繁唔繁？", "none", "none"),
    Labelled("Never once had a late delivery with these guys.", "none", "none"),
    Labelled("If my flight gets cancelled, do they rebook automatically?", "none", "none"),
    Labelled("I would like to report a crime: this cheesecake stole my heart.", "none", "none"),
    Labelled(
        "Brand X recalls 3,000 toasters over faulty wiring, the safety agency said Monday.",
        "none",
        "none",
    ),
    Labelled("快递到了，明天拆。", "none", "none"),
    Labelled("新换的手机壳，绿色的。", "none", "none"),
    Labelled("凑合能用吧，这价位要啥自行车。", "none", "none"),
)

BLIND: tuple[Labelled, ...] = (
    Labelled(
        "羊毛衫送去干洗店都说不是羊毛，烧出来一股塑料味，吊牌还写百分百。",
        "product_quality",
        "general",
        "false_advertising",
    ),
    Labelled("空气炸锅刚过一个月，炸篮手柄断了，烫了我一手泡。", "product_quality", "urgent"),
    Labelled("薯片打开三分之二是空气，剩下一半还是软的。", "product_quality", "general"),
    Labelled("婴儿奶瓶刻度线一洗就没，谁知道掉的什么漆。", "product_quality", "general"),
    Labelled("電動牙刷充飽電撐不過兩天，客訴說是我刷太用力。", "product_quality", "general"),
    Labelled("床垫拆开一股刺鼻味，散了半个月头还疼。", "product_quality", "general"),
    Labelled(
        "Bought a tent, poles snapped on the first night, slept in the car.",
        "product_quality",
        "general",
    ),
    Labelled("呢支防曬搽完成塊面起晒紅疹，要睇皮膚科。", "product_quality", "urgent"),
    Labelled("茅台找人鉴定了，假的，两瓶五千六，店家现在装聋作哑。", "product_quality", "serious"),
    Labelled("锅盖玻璃自己炸了，碎片崩一厨房，幸亏人不在跟前。", "product_quality", "urgent"),
    Labelled(
        "绝了，买的静音风扇，开起来隔壁以为我家在装修。",
        "product_quality",
        "general",
        "false_advertising",
    ),
    Labelled("快递在同城转了八天，跟旅游似的，问就是正在派送。", "order_delivery", "serious"),
    Labelled("买的生鲜到手都化成水了，臭得不行，骑手扔下就跑。", "order_delivery", "general"),
    Labelled(
        "预订的车到店说没有，让我加钱换别的，我订单白下的？",
        "order_delivery",
        "general",
        "price_promo",
    ),
    Labelled("少了充电线和说明书，盒子封口还有二次贴的痕迹。", "order_delivery", "general"),
    Labelled("超商取貨的簡訊來了，去門市三趟都說沒這包。", "order_delivery", "serious"),
    Labelled(
        "Third time this month the driver marked it delivered and left nothing.",
        "order_delivery",
        "serious",
    ),
    Labelled(
        "同城急送送了六个小时，给客户的合同过期作废了，几万的单子黄了。",
        "order_delivery",
        "serious",
    ),
    Labelled("说送货上门，到楼底下打电话让我自己扛洗衣机上六楼。", "order_delivery", "general"),
    Labelled("我话都没讲完对面就把电话撂了，这也叫人工服务？", "service_attitude", "general"),
    Labelled("营业厅八个窗口开一个，办事的在里头嗑瓜子。", "service_attitude", "general"),
    Labelled("從頭到尾臭臉，問價格還嘆氣，好像我欠她錢。", "service_attitude", "general"),
    Labelled(
        "投诉了三回，每回都是“已反馈相关部门”，这部门是住在火星吗。", "service_attitude", "serious"
    ),
    Labelled("经理当着全店人让我滚出去，就因为我要求换一杯。", "service_attitude", "serious"),
    Labelled(
        "Waited an hour on hold, got disconnected, called back, same thing. Twice.",
        "service_attitude",
        "serious",
    ),
    Labelled("发了二十条消息，回我一个表情包。", "service_attitude", "general"),
    Labelled("啲客服淨係識講唔好意思，問佢點解決就冇聲出。", "service_attitude", "general"),
    Labelled(
        "申请退货三次被拒三次，明明签收才两天，七天无理由是写着玩的？", "refund_return", "serious"
    ),
    Labelled("机构人去楼空，我给孩子交的两年课时费还没上几节。", "refund_return", "serious"),
    Labelled("民宿临时有事提前十天取消，一分不退，凭什么。", "refund_return", "general"),
    Labelled("退回去的外套钱是退了，少给我退四十，说是优惠分摊。", "refund_return", "general"),
    Labelled("門票改期不行，退也不行，颱風天是要我游泳去看嗎？", "refund_return", "general"),
    Labelled("Return label costs more than the item. Convenient.", "refund_return", "general"),
    Labelled(
        "会籍说退就退？签合同时候热情，退的时候电话都打不通，八千八。", "refund_return", "serious"
    ),
    Labelled("明明系烂嘅，要退佢又话拆咗封唔退得。", "refund_return", "general"),
    Labelled("在你家App搜了一次墓地，第二天全家手机都是墓地广告。", "privacy_security", "general"),
    Labelled(
        "快递面单把我全名电话门牌印得清清楚楚，现在天天有人加我微信。",
        "privacy_security",
        "serious",
    ),
    Labelled(
        "社群被盗，盗号的拿我名义到处借钱，官方让我自己去报案。", "privacy_security", "serious"
    ),
    Labelled(
        "你们医院的挂号系统，换个编号就能看别人的病历，全院病人的都行。",
        "privacy_security",
        "urgent",
    ),
    Labelled(
        "體檢報告直接貼在櫃台讓大家自己找，全公司都看到我的病。", "privacy_security", "serious"
    ),
    Labelled("取消了订阅短信还是一天三条，回T也没用。", "privacy_security", "general"),
    Labelled(
        "Somebody in your store photographed my ID and now there's a loan in my name.",
        "privacy_security",
        "serious",
    ),
    Labelled(
        "小区门禁非要录人脸，不录就不让进门，问数据存哪也答不上来。", "privacy_security", "general"
    ),
    Labelled("客服说零件停产了，才买两年的机器，合着就是一次性的。", "after_sales", "general"),
    Labelled("修手机的把我原装屏给换成了组装屏，被我当场抓到还嘴硬。", "after_sales", "serious"),
    Labelled("热水器报修四天，天天说明天来，大冬天洗冷水。", "after_sales", "general"),
    Labelled("維修站說要收檢測費八百，檢測完說沒辦法修。", "after_sales", "general"),
    Labelled(
        "净水器滤芯绑定原厂，第三方的一装就锁机，换一次三百。",
        "after_sales",
        "general",
        "price_promo",
    ),
    Labelled(
        "Sent my laptop in under warranty, came back with the same fault and a scratched lid. Second time.",
        "after_sales",
        "serious",
    ),
    Labelled(
        "新房装的地暖，试水就漏，把楼下天花板泡了，安装队互相推责任。", "after_sales", "general"
    ),
    Labelled(
        "保内坏的主板，一听我二手转来的就说要收费，凭啥？序列号不认人？", "after_sales", "serious"
    ),
    Labelled("会员每月自动扣二十五，关了三次下个月又开了。", "price_promo", "serious", "payment"),
    Labelled("标签九块九，扫出来十九块九，问就说系统没更新。", "price_promo", "general"),
    Labelled("双11凑了半天满减，算下来比平时还贵八块，数学白学了。", "price_promo", "general"),
    Labelled("景区门口停车一小时六十，抢钱呢。", "price_promo", "general"),
    Labelled("機票選位要錢、行李要錢、連列印登機證也要錢。", "price_promo", "general"),
    Labelled(
        "Senior discount vanished the moment I asked for it. Funny.", "price_promo", "general"
    ),
    Labelled(
        "同一份外卖我开会员反而多两块，会员是身份证明还是冤大头证明？", "price_promo", "general"
    ),
    Labelled(
        "部機昨日先買，今日平咗成千蚊，問可唔可以補差價，佢話唔得。", "price_promo", "general"
    ),
    Labelled("ETC一趟高速扣我两回过路费，申诉没人管。", "payment", "serious"),
    Labelled("付款页面转了五分钟，提示失败，银行短信说已支出899。", "payment", "serious"),
    Labelled("孩子玩平板点了几下，三百多没了，连个密码都不要。", "payment", "serious"),
    Labelled("刷卡機一直感應不到，店員叫我領現金，提款還要手續費。", "payment", "general"),
    Labelled("提现要先充会员才能提，余额一百二拿不出来。", "payment", "general"),
    Labelled(
        "Charged for a subscription I never signed up for, and the bank says talk to you.",
        "payment",
        "serious",
    ),
    Labelled("小程序付钱老是弹风控，买包纸巾都要刷脸三次。", "payment", "general"),
    Labelled(
        "全商场收银都连不上，几百人拎着东西结不了账，已经一个多钟头。",
        "payment",
        "urgent",
        "tech_support",
    ),
    Labelled(
        "主播喊的“全网最低”，我搜了一下别家便宜一半。",
        "false_advertising",
        "general",
        "price_promo",
    ),
    Labelled("海报上的汉堡三层肉，拿到手扁得像被车碾过。", "false_advertising", "general"),
    Labelled(
        "说好的买房送学区，入住了才知道划片没这小区，业主群准备集体起诉。",
        "false_advertising",
        "urgent",
    ),
    Labelled("文案寫手工現做，後廚一箱一箱的冷凍包。", "false_advertising", "general"),
    Labelled(
        "减肥药写着纯天然，化验出西布曲明，这不是害人吗。",
        "false_advertising",
        "urgent",
        "product_quality",
    ),
    Labelled(
        '"Waterproof", it said. It drowned in a drizzle.',
        "false_advertising",
        "general",
        "product_quality",
    ),
    Labelled("卖家让我先给五星再返五块，不给还打电话催。", "false_advertising", "general"),
    Labelled(
        "個套餐話任飲任食，去到先話飲品要另計。", "false_advertising", "general", "price_promo"
    ),
    Labelled("输入法更新后候选框乱跳，打字像开盲盒。", "tech_support", "general"),
    Labelled("一到交作业系统就转圈，老师那边显示我没交。", "tech_support", "general"),
    Labelled("手环同步失败半个月，技术说在排查，排查到明年吗？", "tech_support", "serious"),
    Labelled("App更新以後通知全部收不到，客服要我重開機，重開八次了。", "tech_support", "general"),
    Labelled(
        "Smart bulbs went dumb after the firmware push, all twelve of them.",
        "tech_support",
        "general",
    ),
    Labelled("省考报名网站从中午瘫到截止，好多人没报上。", "tech_support", "urgent"),
    Labelled(
        "云盘把我三年的毕业设计弄丢了，客服回复“建议养成本地备份习惯”。", "tech_support", "serious"
    ),
    Labelled("部电视开机要等五分钟，个系统lag到嘔。", "tech_support", "general"),
    Labelled("主播当众嘲笑残疾观众，弹幕都在道歉就他不道歉。", "conduct_ethics", "serious"),
    Labelled("骑手摔断腿，站点说没签合同一分不赔，平台装瞎。", "conduct_ethics", "urgent"),
    Labelled("厂里往稻田排黄水，稻子都死了，镇上睁一只眼闭一只眼。", "conduct_ethics", "general"),
    Labelled("面试官一上来就问我有没有男朋友，说怕我来了就休产假。", "conduct_ethics", "serious"),
    Labelled("店家把沒賣完的麵包倒漂白水，也不給街友。", "conduct_ethics", "general"),
    Labelled(
        'Their CEO called customers "cattle" on a podcast. Enjoy the empty barn.',
        "conduct_ethics",
        "serious",
    ),
    Labelled(
        "宠物店把病猫当健康猫卖，病死的直接扔垃圾桶。",
        "conduct_ethics",
        "general",
        "product_quality",
    ),
    Labelled("地铁站扶梯停了两个月，推轮椅的只能绕一公里。", "other", "general"),
    Labelled("超市手推车轮子全锈死，推起来满场都是噪音。", "other", "general"),
    Labelled("演唱會音響差到只聽得到低音，歌手唱什麼完全不知道。", "other", "general"),
    Labelled("官网写营业到十点，我八点半到已经拉闸了。", "other", "general"),
    Labelled("纠结两款扫地机，哪个不容易缠头发？在线等。", "none", "none"),
    Labelled("客服态度真不错，连夜帮我改了地址。", "none", "none"),
    Labelled("吹风机安静到我以为没开，感动。", "none", "none"),
    Labelled("担心生鲜路上会坏，没想到冰袋还是硬的，满意。", "none", "none"),
    Labelled("上个月丢件那事，平台三天就按原价赔了，处理很公道。", "none", "none"),
    Labelled("多地消协发布春节消费提示：预付卡办理要谨慎。", "none", "none"),
    Labelled("某银行就系统升级发布公告，周日零点至六点暂停转账服务。", "none", "none"),
    Labelled("黑户也能下款，最高二十万，私信秒批。", "none", "none"),
    Labelled("清仓甩卖最后三天，全部一折，假一罚十！", "none", "none"),
    Labelled("男主居然骗婚，这剧我要退票！", "none", "none"),
    Labelled("今天又被我家猫诈骗了一根火腿肠。", "none", "none"),
    Labelled("如果收到的是坏的，能不能不退货直接换？先问清楚。", "none", "none"),
    Labelled("穿了一冬天没起过球，也没跑绒。", "none", "none"),
    Labelled("不要太香！一口下去整个人升天。", "none", "none"),
    Labelled("别买！买了你会把其他耳机全扔掉。", "none", "none"),
    Labelled("請問門市可以刷國外的信用卡嗎？", "none", "none"),
    Labelled("開箱兩個月，沒有網友說的異音，很滿意。", "none", "none"),
    Labelled("呢隻牌子用咗十年，未試過壞，推介。", "none", "none"),
    Labelled(
        "Shipping took a day longer than promised but they emailed first and refunded the fee. Class act.",
        "none",
        "none",
    ),
    Labelled("How do I request an invoice after checkout?", "none", "none"),
    Labelled("Police warned of a rise in parcel-delivery text scams this month.", "none", "none"),
    Labelled("我司客服不会索要验证码，请广大用户注意防范诈骗。", "none", "none"),
    Labelled("老板别再送小菜了，撑得我走不动，投诉你！", "none", "none"),
    Labelled("体检报告出来了，血脂超标，火锅店欠我的。", "none", "none"),
    Labelled("不怪商家，是我自己选错尺码了，换货还挺顺利。", "none", "none"),
    Labelled("谁懂啊，这个枕头让我上班迟到，睡太死了。", "none", "none"),
    Labelled("消费者权益保护法第二十五条规定，网购七日内可无理由退货。", "none", "none"),
    Labelled("早起跑步五公里，膝盖有点疼。", "none", "none"),
    Labelled("当年那台诺基亚，摔了八百次没坏过。", "none", "none"),
    Labelled("新番第三集崩了，作画一言难尽。", "none", "none"),
)


def f1(true: list[bool], judged: list[bool]) -> float:
    """Return the harmonic mean of precision and recall."""
    both = sum(a and b for a, b in zip(true, judged, strict=True))
    return 2 * both / (sum(true) + sum(judged)) if any(true) or any(judged) else 1.0


def score(rows: tuple[Labelled, ...]) -> Scores:
    """Judge every text and compare with its labels."""
    judged: list[ComplaintJudgement] = [classify(row.text) for row in rows]
    pairs = list(zip(rows, judged, strict=True))
    complaint = f1([row.type != "none" for row in rows], [one.is_complaint for one in judged])
    types = [one.type in (row.type, row.also) for row, one in pairs if row.type != "none"]
    severity = [
        f1([row.severity == level for row in rows], [one.severity == level for one in judged])
        for level in Severity
    ]
    return Scores(complaint, sum(types) / len(types), sum(severity) / len(severity))


@pytest.mark.parametrize(
    ("name", "rows", "floor"),
    [
        ("tuned", TUNED, Scores(0.95, 0.86, 0.88)),
        ("blind", BLIND, Scores(0.94, 0.82, 0.82)),
    ],
)
def test_own_texts_are_judged_as_well_as_measured(
    name: str, rows: tuple[Labelled, ...], floor: Scores
) -> None:
    reached = score(rows)
    print(f"{name}: {len(rows)} texts, {reached}")
    assert all(got >= least for got, least in zip(reached, floor, strict=True)), reached


def test_own_texts_are_all_different() -> None:
    texts = [row.text for row in (*TUNED, *BLIND)]
    assert len(set(texts)) == len(texts)
