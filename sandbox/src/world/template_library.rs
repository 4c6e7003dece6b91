//! The public template library, and the private templates that the demo account holds from the start.

use crate::world::template::{Keyword, Template, TemplateKind};

pub(crate) struct Category {
    pub id: u32,
    pub name: &'static str,
}

pub(crate) struct PublicTemplate {
    pub tid: u64,
    pub title: &'static str,
    pub kind: TemplateKind,
    pub category: u32,
    pub keywords: &'static [PublicKeyword],
}

pub(crate) struct PublicKeyword {
    pub kid: u32,
    pub name: &'static str,
    pub rule: &'static str,
    pub example: &'static str,
    pub choices: &'static [&'static str],
}

pub(crate) const CATEGORIES: [Category; 2] =
    [Category { id: 307, name: "超市/便利店" }, Category { id: 616, name: "会员服务" }];

const fn word(kid: u32, name: &'static str, rule: &'static str, example: &'static str) -> PublicKeyword {
    PublicKeyword { kid, name, rule, example, choices: &[] }
}

const STATES: &[&str] = &["待取货", "已取货", "已取消"];

pub(crate) const LIBRARY: [PublicTemplate; 8] = [
    PublicTemplate {
        tid: 2101,
        title: "优惠券到期提醒",
        kind: TemplateKind::OneTime,
        category: 616,
        keywords: &[
            word(1, "优惠券名称", "thing", "满100减20券"),
            word(2, "到期时间", "date", "2025年12月31日"),
            word(3, "温馨提示", "thing", "到店出示会员码即可使用"),
            word(4, "优惠金额", "amount", "¥20.00"),
            word(5, "可用门店", "thing", "全部门店"),
        ],
    },
    PublicTemplate {
        tid: 2102,
        title: "优惠券到账通知",
        kind: TemplateKind::OneTime,
        category: 616,
        keywords: &[
            word(1, "优惠券名称", "thing", "满100减20券"),
            word(2, "优惠金额", "amount", "¥20.00"),
            word(3, "有效期至", "date", "2025-12-31"),
            word(4, "使用说明", "thing", "全部门店可用"),
            word(5, "数量", "number", "1"),
        ],
    },
    PublicTemplate {
        tid: 2103,
        title: "积分变动通知",
        kind: TemplateKind::OneTime,
        category: 616,
        keywords: &[
            word(1, "变动数量", "character_string", "+120"),
            word(2, "当前积分", "number", "3560"),
            word(3, "变动时间", "time", "2025年1月1日 15:01"),
            word(4, "变动原因", "thing", "消费获得"),
        ],
    },
    PublicTemplate {
        tid: 2104,
        title: "会员日活动通知",
        kind: TemplateKind::OneTime,
        category: 616,
        keywords: &[
            word(1, "活动名称", "thing", "八月会员日"),
            word(2, "活动时间", "time", "2025年8月8日 09:00~2025年8月8日 21:00"),
            word(3, "活动门店", "thing", "南山店"),
            word(4, "会员等级", "phrase", "金卡"),
        ],
    },
    PublicTemplate {
        tid: 2105,
        title: "到店自提提醒",
        kind: TemplateKind::OneTime,
        category: 307,
        keywords: &[
            word(1, "商品名称", "thing", "鲜牛奶两瓶"),
            word(2, "取货码", "character_string", "A-1024"),
            word(3, "自提门店", "thing", "南山店"),
            word(4, "门店电话", "phone_number", "0755-66888866"),
            PublicKeyword {
                kid: 5,
                name: "取货状态",
                rule: "enum_string",
                example: "待取货",
                choices: STATES,
            },
        ],
    },
    PublicTemplate {
        tid: 2106,
        title: "公共服务进度提醒",
        kind: TemplateKind::LongTerm,
        category: 616,
        keywords: &[
            word(1, "服务名称", "thing", "会员卡挂失"),
            word(2, "进度", "phrase", "已完成"),
            word(3, "更新时间", "time", "15:01"),
        ],
    },
    PublicTemplate {
        tid: 2107,
        title: "会员等级变更通知",
        kind: TemplateKind::OneTime,
        category: 616,
        keywords: &[
            word(1, "会员姓名", "name", "林晓"),
            word(2, "变更后等级", "phrase", "金卡"),
            word(3, "生效日期", "date", "2025年1月1日"),
            word(4, "备注", "thing", "感谢您的支持"),
        ],
    },
    PublicTemplate {
        tid: 2108,
        title: "停车缴费提醒",
        kind: TemplateKind::OneTime,
        category: 307,
        keywords: &[
            word(1, "车牌号", "car_number", "粤B12345"),
            word(2, "应缴金额", "amount", "8元"),
            word(3, "泊位", "letter", "B"),
            word(4, "标志", "symbol", "*"),
            word(5, "入场时间", "time", "09:30"),
        ],
    },
];

pub(crate) fn public_template(tid: u64) -> Option<&'static PublicTemplate> {
    LIBRARY.iter().find(|template| template.tid == tid)
}

/// A private template of these keywords, in the order asked for; `None` when a keyword is not in the template.
pub(crate) fn instantiate(public: &PublicTemplate, kids: &[u64], id: &str) -> Option<Template> {
    let keywords = kids
        .iter()
        .map(|kid| {
            public.keywords.iter().find(|keyword| u64::from(keyword.kid) == *kid).map(PublicKeyword::private)
        })
        .collect::<Option<Vec<_>>>()?;
    Some(Template {
        id: id.into(),
        tid: public.tid,
        title: public.title.to_owned(),
        kind: public.kind,
        keywords,
        banned: false,
    })
}

impl PublicKeyword {
    fn private(&self) -> Keyword {
        Keyword {
            key: format!("{}{}", self.rule, self.kid),
            name: self.name.to_owned(),
            rule: self.rule.to_owned(),
            example: self.example.to_owned(),
            choices: self.choices.iter().map(|choice| (*choice).to_owned()).collect(),
        }
    }
}

/// The ids are 43 characters long like the real ones, and the same in every sandbox.
const DEMO: [(&str, u64, &[u64]); 7] = [
    ("TMPL_COUPON_EXPIRY_00000000000000000000000A", 2101, &[1, 2, 3]),
    ("TMPL_COUPON_ARRIVAL_0000000000000000000000B", 2102, &[1, 2, 3, 4]),
    ("TMPL_POINTS_CHANGE_00000000000000000000000C", 2103, &[1, 2, 3, 4]),
    ("TMPL_MEMBER_DAY_00000000000000000000000000D", 2104, &[1, 2, 3]),
    ("TMPL_PICKUP_READY_000000000000000000000000E", 2105, &[1, 2, 3, 5]),
    ("TMPL_SERVICE_PROGRESS_00000000000000000000F", 2106, &[1, 2, 3]),
    ("TMPL_PARKING_FEE_0000000000000000000000000G", 2108, &[1, 2, 3, 4, 5]),
];

pub(crate) fn demo_templates() -> Vec<Template> {
    DEMO.iter().filter_map(|(id, tid, kids)| instantiate(public_template(*tid)?, kids, id)).collect()
}
