//! The example: every setting, with its default and what it means.
//!
//! It is where settings are described: remedies, the schema and the reference are read from its lines (`rows`). Each setting has
//! a line of its own, commented out where it may be left out; words in quotes in its comment are others that it may be.

/// A configuration that `plimsoll config check` accepts.
pub(crate) const EXAMPLE: &str = r#"# Plimsoll's configuration. Every setting may also be given in the environment, which goes before this file: its name
# in capitals with PLIMSOLL_ before it, as in PLIMSOLL_LIMITS_MAX_LEVERAGE=5. Some have a second name there, noted below.
# `plimsoll config check` says what is wrong with it, and where; `plimsoll config show` what is in force, and why.

# Where the records are: a SQLite file, or postgres://user@host/name. A password belongs into the environment.
# Without it: plimsoll.db in the state directory. In the environment: DATABASE_URL.
# database = "sqlite:/var/lib/plimsoll/plimsoll.db"

# Where state of this machine is kept. Without it: $XDG_STATE_HOME/plimsoll, or ~/.local/state/plimsoll.
# state = "/var/lib/plimsoll"

[trading]
enabled = true            # false opens nothing more; closing goes on. In the environment: ENABLE_FUTURES
require_stop = true       # a position is opened with a stop-loss, or not at all
default_leverage = 3      # of an order that names none, where nothing is held of its contract. In the environment: DEFAULT_LEVERAGE
# default_strategy = "grid"       # the kind that trades where no [strategies.NAME] is written, as it is by default, on the first account's first symbol; one that trades two contracts takes the second account too. In the environment: DEFAULT_FUTURES_STRATEGY
warm_up = "1d"            # how much of the past strategies hear that are new here; nothing that they decide in it is done

[limits]                  # where two limits say the same in money and as a share, the stricter holds
max_position = 10000              # the largest notional of a position, in the settle currency
max_position_share = "30 %"       # the same, of equity
# max_exposure = 30000            # the largest notional of all positions of an account together
# max_exposure_share = "300 %"    # the same, of its equity: its effective leverage, here 3x
# max_venue_exposure = 30000      # of all positions at a venue, in whichever of these accounts of one currency
# max_venue_exposure_share = "300 %"      # the same, of the equity of those accounts
# max_portfolio_exposure = 50000  # of all positions in all of these accounts of one currency
# max_portfolio_exposure_share = "300 %"  # the same, of the equity of all of them
over_exposure = "tell"            # where prices bring positions over these six; or "reduce": the largest is halved until they fit
max_daily_loss = 500              # since midnight UTC; beyond it everything is closed and the kill switch engaged
max_daily_loss_share = "5 %"      # the same, of the day's opening equity. In the environment, in per cent: DAILY_LOSS_LIMIT
max_drawdown = 1000               # from the peak of earnings
max_leverage = 5                  # in the environment: MAX_LEVERAGE
leverage_cap = 20                 # what max_leverage may not exceed
max_positions = 3                 # open at once. In the environment: MAX_POSITIONS_FUTURES
min_liquidation_distance = "3 %"  # from the mark to the exact liquidation price, after an order
max_funding_per_day = 10          # what a position may be expected to pay
funding_over_limit = "warn"       # an order beyond that is told; or "refuse": it is not sent
min_cover = 1                     # equity over maintenance margin, below which everything is closed
cover_buffer = "15 %"             # how much more is thin: positions are made smaller; [protection] does so earlier
max_state_age = "10s"             # nothing is opened on older knowledge

[ladder]                  # a live account begins on paper, goes on with micro capital, and then uses all of it: `plimsoll ladder`
paper_days = 60           # days traded on paper before the first live order
micro_days = 30           # days traded with micro capital before all of it is used
micro_minimum = 100       # a day with less equity does not count, in the settle currency
micro_capital = 500       # an account with more counts as one of this

[protection]              # what thin margin makes necessary, by maintenance margin over equity of what backs a position: 100 % is liquidation
warn = "70 %"             # a person is told
cancel = "75 %"           # entries of ours are taken off the book
reduce = "80 %"           # positions are made smaller, by the least that restores the target, the worst first
flatten = "95 %"          # what shares the margin is closed; of the cross pool, that stops trading
target = "60 %"           # what is restored
# warn_distance = "10 %"         # the same by the distance from the mark to the liquidation price, whichever comes first;
# cancel_distance = "8 %"        # the same; each of these may be left out
# reduce_distance = "5 %"        # the same
# flatten_distance = "1 %"       # the same
# target_distance = "12 %"       # above all of the others, and needed with any of them
# add_margin = 100               # the most that one look moves from the wallet into isolated positions, look by look and without a total; unset: nothing
# add_margin_from = "77 %"       # it is moved from here on, before positions are made smaller
# add_margin_distance = "7 %"    # the same by the distance
# most_at_once = 50000           # the largest notional that one order of a reduction closes: what the book bears
# leverage = 3                   # notional over equity that positions are brought back to while margin is calm; without it none
leverage_band = "20 %"           # how far it may be away, as a share of it
leverage_by_margin = false       # an isolated position is given margin first, as far as some is free
leverage_may_add = false         # a position below it may grow, under a stop that rests, if the order passes every check
# hedges = ["BTC/USDT:USDT ETH/USDT:USDT 15"]   # contracts that hedge each other: so many of the second against one of the first
lost_hedge = "match"             # where a venue takes a leg by force, as much of what it hedged is closed; or "tell"

[intervals]
# Between two looks at the account, while its private stream is away, in doubt or shows danger. Each costs about a 24th of what
# Binance allows a minute: at 5s looks alone take half of it, below 2500ms more than there is. `config check` does not judge that.
monitor = "5s"
audit = "1m"              # between two looks while the stream is live and all is well: what it tells is looked at at once
reconcile = "1m"          # between two comparisons of records and venue
clock = "500ms"           # how far this machine's clock may be off
order_window = "10s"      # so long "not found" proves nothing of an unanswered order; the venue's own (10s, Bitget 35s) if that is longer
give_up = "1m"            # after this long its fate is told as unknown
request = "10s"           # how long one request may take

[watch]                   # `plimsoll run` tells of these figures, and looks at the account, when they cross their line
position_margin_ratio = "80 %"    # maintenance margin over equity of what backs a position: 100 % is liquidation
account_margin_ratio = "90 %"     # the same of the account
unrealized_loss = 1000            # of all positions together, in the settle currency
available_balance = 100           # what new positions may use; below it

# An account is a table [accounts.NAME]; there may be several, and --account chooses.
[accounts.main]
venue = "binance"                # whose account it is; or "gateio", "bitget"
environment = "testnet"          # the venue's own demo; or "loopback", a `plimsoll venue` on this machine; or "live", real money, with --live
# rest_url = "http://127.0.0.1:8545"    # where its REST is; loopback needs it and socket_url, as `plimsoll venue` prints them
# socket_url = "ws://127.0.0.1:8545"    # the same of its sockets
# wallet_url = "https://api.binance.com"   # where `doctor` asks what the key may do
key_env = "BINANCE_KEY"          # the name of the variable that holds the key, never the key; or BINANCE_KEY_FILE
secret_env = "BINANCE_SECRET"    # the same for its secret
# passphrase_env = "BITGET_PASSPHRASE"  # Bitget: the passphrase that was chosen when the key was made
# key_file = "/etc/plimsoll/key"        # instead: a file that only its owner may read
# secret_file = "/etc/plimsoll/secret"  # the same for its secret
# passphrase_file = "/etc/plimsoll/passphrase"   # the same for Bitget's passphrase
settle = "USDT"                  # the currency that the account is kept in: what its symbols settle in
position_mode = "one_way"        # a position a contract; or "hedge", a long and a short beside each other
margin_mode = "isolated"         # what backs a position: margin of its own; or "cross", all there is. `run` sets its symbols so while nothing is open in them
# leverage = 3                   # `run` sets its symbols so while nothing is open in them; without it orders set their own
unverified_stop = "close"        # a position whose stop cannot be read back is closed again; or "keep"
foreign = "adopt"                # positions and orders that are not ours: record and guard them, "watch" or "ignore"
# paper_account = "rehearsal"    # live only: the testnet or loopback account whose days are the paper step of the ladder
symbols = "BTC/USDT:USDT"        # the contracts that it trades, with commas between them or as a list: `doctor` looks at each
# weight_limit = 2400            # Binance only: request weight a minute; without it 6000 in the testnet, 2400 elsewhere
# protocol = "v2"                # Bitget: the dialect of its private stream; or "mix-v1", for servers that speak the old one
assumed_taker_fee = "0.05 %"     # what is reckoned with; `doctor` says when the venue takes more

# Limits of this account alone; what is not named is as above.
# [accounts.main.limits]
# max_leverage = 2

# The dashboard and the API, which `run` serves; without [api] it serves none, or where --serve says.
# [api]
# listen = "127.0.0.1:7878"      # where; anything but this machine needs a token
# read_token_env = "PLIMSOLL_READ_TOKEN"   # the name of the variable that holds the token that lets look
# read_token_file = "/etc/plimsoll/read-token"   # instead: a file that only its owner may read
# act_token_env = "PLIMSOLL_ACT_TOKEN"     # the name of the variable that holds the token that lets act
# act_token_file = "/etc/plimsoll/act-token"     # instead: a file that only its owner may read
# hosts = "plimsoll.example.org" # the names by which browsers know it, where a proxy stands in front of it

# The Telegram bot: whoever is not in both lists gets no answer. Alerts go to the chats.
# [telegram]
# token_env = "TELEGRAM_TOKEN"   # the name of the variable that holds the bot's token
# token_file = "/etc/plimsoll/telegram"   # instead: a file that only its owner may read
# chats = "-1001234567890"       # the chats that are heard, and told, with commas between them or as a list
# users = "12345678"             # the people who are heard there
# account = "main"               # of commands that name none, where there are several
# symbol = "BTC/USDT:USDT"       # the contract of commands that name none
# address = "https://api.telegram.org"   # where the Bot API is, if it is one of your own

# Alerts are posted here as JSON too. Whoever knows the address may write there: it may be kept as a secret.
# [webhook]
# url_env = "ALERTS_URL"         # the name of the variable that holds the address
# url_file = "/etc/plimsoll/alerts-url"   # instead: a file that only its owner may read
# url = "https://alerts.example.org/hook"   # instead: the address itself, if it is no secret; http:// to this machine only
# secret_env = "ALERTS_SECRET"   # the variable whose value signs what is posted (X-Plimsoll-Signature); unset: nothing does
# secret_file = "/etc/plimsoll/alerts-secret"   # instead: a file that only its owner may read

# A dead man's switch: the address is called while every account is looked at and every strategy's desk answers.
# [heartbeat]
# url_env = "HEARTBEAT_URL"      # the name of the variable that holds the address
# url_file = "/etc/plimsoll/heartbeat-url"   # instead: a file that only its owner may read
# url = "https://heartbeat.example.org/ping"   # instead: the address itself, if it is no secret; http:// to this machine only
# every = "1m"                   # between two calls

# A strategy is a table [strategies.NAME]; `run` lets all of them trade. `plimsoll backtest --strategies` lists the kinds.
# [strategies.trend]
# kind = "trend_switch"          # what it does
# on = "main BTC/USDT:USDT"      # the account, and the contract; several with commas between them
# expectation = "trend.json"     # what `plimsoll backtest --expectation` wrote: live results that fall outside of it are told
# [strategies.trend.settings]    # what is otherwise than by default
# leverage = 2
"#;
