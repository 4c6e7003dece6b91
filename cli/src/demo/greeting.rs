//! What a demo says once it runs: where to look, who to be, and three things to try.

use std::path::PathBuf;

use service::demo::{self, ACCOUNTS, BRAND, PASSWORD, Shop};

pub struct Greeting {
    pub api: String,
    pub sandbox: String,
    pub data: PathBuf,
    pub shop: Shop,
}

impl Greeting {
    /// `campaign_waits`: the draft was not scheduled yet.
    pub fn text(&self, campaign_waits: bool) -> String {
        let blocks = [self.places(), accounts(), self.sign_in(), self.redeem(), self.watch(campaign_waits)];
        format!("\n{}\n\nCtrl-C stops it. The shop is kept in {}.\n\n", blocks.join("\n\n"), self.data.display())
    }

    fn places(&self) -> String {
        let Self { api, sandbox, .. } = self;
        format!(
            "\
{BRAND} is open. / 山月茶点开门了。

  API, to browse and try   {api}/docs
  Virtual phones           {sandbox}/sandbox#p1,p3,p5
  Is it well?              {api}/healthz  {api}/readyz"
        )
    }

    fn sign_in(&self) -> String {
        let (name, phone) = demo::first_member();
        let Self { api, sandbox, shop, .. } = self;
        format!(
            r#"1. {name} ({phone}) signs in with a code that her virtual phone gets, and claims a coupon:

API={api} PHONES={sandbox}/sandbox/api JSON='content-type: application/json'
curl -s $API/v1/auth/sms-codes -H "$JSON" -d '{{"phone":"{phone}"}}'
CODE=$(curl -s $PHONES/people/p1/messages | grep -o '[0-9]\{{6\}}为您的登录验证码' | tail -1 | cut -c1-6)
MEMBER=$(curl -s $API/v1/auth/sms -H "$JSON" -d '{{"phone":"{phone}","code":"'$CODE'"}}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
curl -s -X POST $API/v1/coupon-templates/{template}/claims -H "authorization: Bearer $MEMBER""#,
            template = shop.coupon_template_id,
        )
    }

    fn redeem(&self) -> String {
        let cashier = ACCOUNTS[3].login;
        format!(
            r#"2. The cashier scans the code on her card and redeems the first coupon that fits:

CASHIER=$(curl -s $API/v1/staff/auth -H "$JSON" -d '{{"login":"{cashier}","password":"{PASSWORD}"}}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
CARD=$(curl -s $API/v1/me/card/code -H "authorization: Bearer $MEMBER" | sed 's/.*"code":"\([^"]*\)".*/\1/')
SCAN=$(curl -s $API/v1/staff/scans -H "authorization: Bearer $CASHIER" -H "$JSON" -d '{{"code":"'$CARD'","store_id":"{store}"}}'); echo "$SCAN"
SCAN_ID=$(echo "$SCAN" | sed 's/.*"scan_id":"\([^"]*\)".*/\1/') COUPON=$(echo "$SCAN" | sed 's/.*"usable_coupons":\[{{"id":"\([^"]*\)".*/\1/')
curl -s $API/v1/staff/redemptions -H "authorization: Bearer $CASHIER" -H "$JSON" -d '{{"store_id":"{store}","scan_id":"'$SCAN_ID'","coupon_id":"'$COUPON'","request_no":"'$(date +%s)'","amount_fen":4200}}'"#,
            store = self.shop.store_id,
        )
    }

    fn watch(&self, campaign_waits: bool) -> String {
        let marketer = ACCOUNTS[1].login;
        let id = self.shop.draft_campaign_id;
        let (what, schedule) = if campaign_waits {
            let schedule = format!(
                "curl -s $API/v1/console/campaigns/{id}/schedule -H \"authorization: Bearer $MARKETER\" -H \"$JSON\" -d '{{}}'\n"
            );
            ("The marketer lets a campaign go and watches it reach the phones", schedule)
        } else {
            ("The marketer looks at a campaign that went out", String::new())
        };
        format!(
            r#"3. {what}:

MARKETER=$(curl -s $API/v1/staff/auth -H "$JSON" -d '{{"login":"{marketer}","password":"{PASSWORD}"}}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
{schedule}curl -sN $API/v1/console/campaigns/{id}/progress -H "authorization: Bearer $MARKETER" -H 'accept: text/event-stream'"#
        )
    }
}

fn accounts() -> String {
    let lines = ACCOUNTS.iter().map(|account| {
        format!("  {:<10} {:<14} {}", account.login, account.role.as_str(), account.name)
    });
    let lines: Vec<_> = lines.collect();
    format!("Staff, all with the password {PASSWORD}\n{}", lines.join("\n"))
}
