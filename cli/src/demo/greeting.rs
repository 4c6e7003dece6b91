//! What a demo says once it runs: where to look, who to be, and three things to try.

use std::path::PathBuf;

use service::demo::{self, ACCOUNTS, BRAND, PASSWORD, Shop};

pub struct Greeting {
    pub api: String,
    pub sandbox: String,
    pub data: PathBuf,
    pub shop: Shop,
}

/// How things stand at this start.
pub struct News {
    pub phones_are_empty: bool,
    /// The draft was not scheduled yet.
    pub campaign_waits: bool,
}

impl Greeting {
    pub fn text(&self, news: &News) -> String {
        let watch = self.watch(news.campaign_waits);
        let blocks = [self.places(news), accounts(), self.sign_in(), self.redeem(), watch];
        format!(
            "\n{}\n\nCtrl-C stops it. The shop is kept in {}.\n\n",
            blocks.join("\n\n"),
            self.data.display()
        )
    }

    fn places(&self, news: &News) -> String {
        let Self { api, sandbox, .. } = self;
        let phones =
            if news.phones_are_empty { "\n  They forget their messages when the demo stops." } else { "" };
        format!(
            "\
{BRAND} is open. / 山月茶点开门了。

  Mini-program             {api}/m/
  Console                  {api}/console/
  API, to browse and try   {api}/docs
  Virtual phones           {sandbox}/sandbox#p1,p3{phones}
  Is it well?              {api}/healthz  {api}/readyz"
        )
    }

    fn sign_in(&self) -> String {
        let (name, phone) = demo::first_member();
        let Self { api, sandbox, shop, .. } = self;
        format!(
            r#"# 1. {name} ({phone}) signs in with the code that her virtual phone gets, and claims a coupon

API={api} PHONES={sandbox}/sandbox/api JSON='content-type: application/json'
get() {{ grep -o "\"$1\":\"[^\"]*" | head -1 | cut -d '"' -f 4; }}
curl -s $API/v1/auth/sms-codes -H "$JSON" -d '{{"phone":"{phone}"}}'; echo
CODE=$(curl -s $PHONES/people/p1/messages | grep -o '[0-9]\{{6\}}为您的登录验证码' | tail -1 | cut -c 1-6)
MEMBER=$(curl -s $API/v1/auth/sms -H "$JSON" -d '{{"phone":"{phone}","code":"'$CODE'"}}' | get access_token)
curl -s $API/v1/me -H "authorization: Bearer $MEMBER"; echo
curl -s -X POST $API/v1/coupon-templates/{template}/claims -H "authorization: Bearer $MEMBER"; echo"#,
            template = shop.coupon_template_id,
        )
    }

    fn redeem(&self) -> String {
        let store = self.shop.store_id;
        let cashier = sign_in_staff("CASHIER", ACCOUNTS[3].login);
        format!(
            r#"# 2. In the same shell: the cashier scans the code on her card and redeems a coupon

{cashier}
CARD=$(curl -s $API/v1/me/card/code -H "authorization: Bearer $MEMBER" | get code)
SCAN=$(curl -s $API/v1/staff/scans -H "authorization: Bearer $CASHIER" -H "$JSON" -d '{{"code":"'$CARD'","store_id":"{store}"}}')
COUPON=$(echo "$SCAN" | sed 's/.*"usable_coupons//' | get id)
curl -s $API/v1/staff/redemptions -H "authorization: Bearer $CASHIER" -H "$JSON" -d '{{"store_id":"{store}","scan_id":"'$(echo "$SCAN" | get scan_id)'","coupon_id":"'$COUPON'","request_no":"till-1-'$(date +%s)'","amount_fen":4200}}'; echo"#
        )
    }

    fn watch(&self, campaign_waits: bool) -> String {
        let marketer = sign_in_staff("MARKETER", ACCOUNTS[1].login);
        let id = self.shop.draft_campaign_id;
        let (what, schedule) = if campaign_waits {
            let schedule = format!(
                r#"curl -s $API/v1/console/campaigns/{id}/schedule -H "authorization: Bearer $MARKETER" -H "$JSON" -d '{{}}'; echo
"#
            );
            ("the marketer lets a campaign go and watches it reach the phones", schedule)
        } else {
            ("the marketer looks at a campaign that went out", String::new())
        };
        format!(
            r#"# 3. In the same shell: {what}

{marketer}
{schedule}curl -sN $API/v1/console/campaigns/{id}/progress -H "authorization: Bearer $MARKETER" -H 'accept: text/event-stream'"#
        )
    }
}

fn sign_in_staff(variable: &str, login: &str) -> String {
    format!(
        r#"{variable}=$(curl -s $API/v1/staff/auth -H "$JSON" -d '{{"login":"{login}","password":"{PASSWORD}"}}' | get access_token)"#
    )
}

fn accounts() -> String {
    let lines = ACCOUNTS
        .iter()
        .map(|account| format!("  {:<10} {:<14} {}", account.login, account.role.as_str(), account.name));
    let lines: Vec<_> = lines.collect();
    format!("Staff, all with the password {PASSWORD}\n{}", lines.join("\n"))
}
