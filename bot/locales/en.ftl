# Everything that a person reads in Telegram, in English. Plain text: no markup.

## The language itself

# Its own name, and the languages of Telegram's apps (ISO 639) whose readers it serves best.
language-name = English
language-codes = en
# Words in commands, with commas between several; the words of every language are understood everywhere.
word-reset = reset
word-chat = chat
word-off = off
word-test = test

## Menus

menu-new = start a new conversation
menu-stop = stop the answer being written
menu-retry = answer the last question again
menu-undo = take back the last question and its answer
menu-settings = settings of this chat
menu-persona = choose a persona for me
menu-system = show or set the system prompt
menu-export = get this conversation as files
menu-forget = erase everything about this chat
menu-help = what you can do here
menu-temperature = how freely the model answers (0–2)
menu-maxtokens = how long an answer may get
menu-model = which model answers
menu-proxy = the proxy to the model
menu-people = who may use the bot
menu-admin = add or remove an admin
menu-allow = let this group in, or a person: /allow @name; /allow off takes the group out

## Getting to know each other

start-private =
    Hi! I'm { $name }. Ask me anything, just as you would write to a friend.

    /new starts over, /help shows what else you can do.
start-group =
    Hi! I'm { $name }. To ask me something here, write @{ $username } and your question, or reply to one of my messages.

    /help shows what else you can do.
model-connected = { $model } writes my answers.
model-local = { $model } writes my answers, on the same computer as the bot.
model-packaged = For now a small model inside this program writes my answers (SmolLM2, English only). It is quick and sends your questions nowhere, but it knows little and makes mistakes.
model-connect = To connect a real one, put AURA_URL=… (an OpenChat server) or GENERATOR=openai with OPENAI_BASE_URL=… into .env and start the program again. LOCAL_MODEL=… takes a GGUF file of your own. The README shows how.
help-private = Every message here is a question, and I read documents, too: plain text, PDF, Word, Excel, PowerPoint, OpenDocument, web pages, EPUB and RTF, up to 20 MB, also in the message you reply to. Reply to an older message to go on from there; edit your question to get a new answer.
help-group = Write @{ $username } and your question, or reply to one of my messages. Reply to somebody's message and mention me, and I read that message too. Edit your question to get a new answer.
help-group-admins = Group administrators can also change this chat, with { $commands } and the buttons of /settings.
help-answers = Under an answer: ■ stops it, ↻ writes another version (‹ › switches between them), ▸ continues one that was cut off.
help-admins = For you, as an admin of the bot:
unknown-command = There is no such command. /help lists the ones you can use here.
only-group-admins = Only an administrator of this group can change that.
only-bot-admins = Only an admin of the bot can do that.

## Conversation

new-stopped = The answer that was being written is stopped.
new-dropped = { $count ->
    [one] The question that was waiting is dropped.
   *[other] The { $count } questions that were waiting are dropped.
}
new-begun = A new conversation. What would you like to know?
new-begun-as = A new conversation, with the persona “{ $persona }”. What would you like to know?
system-shown =
    The system prompt ({ source }):

    { $prompt }

    { $may ->
        [no] Only an administrator of this group can change it.
       *[yes] To change it, send /system and your text, or /system in reply to a text file. /system reset goes back to the usual one.
    }
system-set = { $where ->
    [topic] This is the system prompt of this topic now.
    [general] This is the system prompt of this group now.
   *[chat] This is the system prompt of this chat now.
}
system-reset =
    Back to the usual system prompt:

    { $prompt }
system-too-long = That prompt leaves the model no room for a question: it reads { $tokens } tokens in all. Please send a shorter one.
system-cut = That does not fit into one Telegram message, so the end of it would be missing. The system prompt stays as it was: please send one of less than 4000 characters, or a text file with /system as its caption.
system-none = (none: I give the model no instructions; it may have some of its own)
question-about-quote = What do you say to this?
called-without-question = Yes? Write your question after @{ $username }, or reply to a message of mine.
only-text = { $kind ->
    [picture] I can't see pictures here: the model takes words only. Please put it into words.
    [video] I can't watch videos. Please put it into words.
   *[other] I can't read messages of this kind. /help says what I can read.
}
only-caption = I can't see what is attached, so I'll answer your words only.
document-late = The document did not come through in time. Please send it again.
too-many-questions = { $whose ->
    [chat] This chat has asked a lot just now.
   *[person] That was a lot of questions.
} { $unit ->
    [hours] { $count ->
        [one] I can take the next one in an hour.
       *[other] I can take the next one in { $count } hours.
    }
    [minutes] { $count ->
        [one] I can take the next one in a minute.
       *[other] I can take the next one in { $count } minutes.
    }
   *[seconds] { $count ->
        [one] I can take the next one in a second.
       *[other] I can take the next one in { $count } seconds.
    }
}

## Answers

answer-stopped = Stopped.
answer-cut-by-limit = The answer reached its length limit. ▸ continues it.
answer-cut-by-filter = The model's provider cut the answer off here.
answer-broken-off = The answer broke off. ▸ continues it.
answer-interrupted = I was interrupted several times here. ▸ continues it, ↻ starts over.
answer-thoughts = Thoughts
button-stop = ■ Stop
button-again = ↻ Again
button-go-on = ▸ Go on
button-retry = ↻ Try again

## Values that admins set

source = { $source ->
    [topic] set for this topic
    [topics] set for all topics
    [chat] set for this chat
    [bot] set for the whole bot
    [environment] from the bot's environment
   *[default] the default
}
value-shown = { $name ->
    [temperature] Temperature: { $value } ({ source }). Change it: /temperature 0.7 for the whole bot, /temperature chat 0.9 for this chat, /temperature reset.
    [max_tokens] Longest answer: { $value } tokens ({ source }). Change it: /maxtokens 2000, /maxtokens reset.
    [model] Model: { $value } ({ source }). Change it: /model and its name, /model reset.
   *[proxy] Proxy to the model: { $value } ({ source }). Change it: /proxy socks5://proxy.example:1080, /proxy off, /proxy reset; try it: /proxy test.
}
value-set = { $name ->
    [temperature] The temperature is { $value } for the whole bot, from the next message on.
    [max_tokens] Answers may be up to { $value } tokens long, from the next message on.
    [model] { $value } answers from the next message on.
   *[proxy] The proxy to the model is { $value } from the next message on.
}
value-reset = { $name ->
    [temperature] The temperature is back to { $value } ({ source }).
    [max_tokens] The longest answer is back to { $value } tokens ({ source }).
    [model] The model is back to { $value } ({ source }).
   *[proxy] The proxy is back to: { $value } ({ source }).
}
value-own-here = { $name ->
    [temperature] Changed for the whole bot, but this chat keeps a temperature of its own: { $value } ({ source }).
    [max_tokens] Changed for the whole bot, but this chat keeps a limit of its own: { $value } tokens ({ source }).
    [model] Changed for the whole bot, but this chat keeps a model of its own: { $value } ({ source }).
   *[proxy] Changed for the whole bot, but this chat keeps a proxy of its own: { $value } ({ source }).
}
value-reset-own-here = { $name ->
    [temperature] The whole bot has its usual temperature, but this chat keeps one of its own: { $value } ({ source }).
    [max_tokens] The whole bot has its usual limit, but this chat keeps one of its own: { $value } tokens ({ source }).
    [model] The whole bot has its usual model, but this chat keeps one of its own: { $value } ({ source }).
   *[proxy] The whole bot has its usual proxy, but this chat keeps one of its own: { $value } ({ source }).
}
value-shown-for-chat = The temperature of this chat: { $value } ({ source }). Change it: /temperature chat 0.9, /temperature chat reset.
wrong-value = { $name ->
    [temperature] The temperature is a number from 0 to 2, for example /temperature 0.7
    [chat_temperature] The temperature is a number from 0 to 2, for example /temperature chat 0.7
    [max_tokens] The longest answer is a number of tokens from 1 to 1000000, for example /maxtokens 2000
    [model] A model's name is one line of up to 100 characters, for example /model openchat_3.6
    [proxy] A proxy's address begins with http://, https:// or socks5://, for example /proxy socks5://proxy.example:1080
    [system_prompt] A system prompt has 1 to 8000 characters, for example /system Answer in rhymes. One of more than 4000 goes into a text file with /system as its caption.
   *[other] That value is not possible here.
}
model-by-itself = the server's own choice
proxy-none = none
proxy-off = From the next message on, I reach the model without a proxy.
proxy-trying = Trying { $proxy } …
proxy-testing = Asking the model (proxy: { $proxy }) …
proxy-works = The model answers (proxy: { $proxy }).
proxy-set = It works: { $proxy } is the proxy to the model from the next message on.
proxy-failed = That did not work: { $reason } Nothing was changed.
proxy-trial-unreachable = The model cannot be reached through this proxy.
proxy-trial-refused = This proxy refuses the user name or password.
proxy-password-in-group = A proxy with a password belongs in our private chat. I'll try to delete your message; if others have seen it, change the password.

## Admins, people, groups

admin-link-taken = Welcome, { $name }! You are an admin of this bot now. /help shows what you can do.
admin-link-dead = This link has been used or is too old. An admin of the bot can add you with /admin add; while there is none, the bot's log shows a new link at each start.
access-wait = Hello! An admin has to let you in first. I have asked, and will tell you here. If you write a question now, I'll answer it then.
access-request = { $name } would like to use the bot.
button-approve = Approve
button-decline = Decline
allow-only-in-groups = Send /allow in the group that may use the bot, or /allow and a name here to let a person in. /groups lists the groups.
group-allowed = This group may use the bot now. Ask away!
group-not-allowed = Hello! An admin of the bot has to let this group in first, with /allow. Until then I stay quiet.
group-hello = Hello, I'm { $name }! Write @{ $username } and your question, or reply to one of my messages. I leave other messages alone; /help shows what else you can do.
group-hello-allow = First an admin of the bot has to let this group in, with /allow.
group-hello-privacy = If I don't notice a mention, Telegram's privacy mode is hiding it from me: reply to one of my messages instead, or make me an administrator of this group. (The bot's owner can also turn it off: @BotFather, Bot Settings, Group Privacy; then add me to this group again.)

## When something goes wrong

problem = Something went wrong on my side. Please try again.
problem-settings = The bot's settings have a mistake; its owner finds it in the log.
problem-generator = The model could not answer. Please try again.
problem-generator-unreachable = The model cannot be reached just now. Please try again later.
problem-proxy-unreachable = The proxy to the model does not work just now. An admin can check it with /proxy test.
problem-proxy-refused = The proxy to the model refuses the user name or password. An admin can set another one with /proxy.
problem-generator-silent = The model took too long. Please try again.
problem-generator-busy = The model has too much to do just now. Please try again in a moment.
problem-generator-broken = The model's answer could not be used. Please try again.
problem-interrupted = I was interrupted several times here. ↻ starts over.
problem-generator-refused = The model does not accept the bot's settings (key or model name). An admin has to look at them.
problem-cut-in-thoughts = The model used up its length limit with thinking, before the answer began. A simpler question helps, or a higher limit: an admin sets it with /maxtokens.
problem-answer-filtered = The model's provider does not let this answer through. Please ask in another way.
problem-question-too-long = That is too long for the model. Please send a shorter text, or start over with /new; where the system prompt is long, a shorter one helps, too.
problem-browser-missing = The model needs a browser that is not installed here. The bot's owner finds in the log what to do.
problem-telegram = Telegram refused what I tried to do. Please try again.
problem-unauthorized = Telegram does not accept the bot's token. Its owner has to check it.
problem-other-instance = The bot runs a second time somewhere else. Its owner has to stop one of the two.
problem-storage = I can't save anything at the moment. I'll get to your message as soon as I can; there is no need to send it again.
problem-schema-newer = The database belongs to a newer version of the bot.
problem-database-in-use = The database is in use by another program.
problem-lease-lost = Another copy of the bot goes on with this answer.
problem-too-many-waiting = { $whose ->
    [chat] { $limit ->
        [one] One question is waiting here already. Please let me answer it first.
       *[other] { $limit } questions are waiting here already. Please let me answer some of them first.
    }
   *[person] { $limit ->
        [one] One of your questions is waiting here already. Please let me answer it first.
       *[other] { $limit } of your questions are waiting here already. Please let me answer them first.
    }
}
too-many-commands = { $count ->
    [one] That was a lot of commands. I can take the next one in a second.
   *[other] That was a lot of commands. I can take the next one in { $count } seconds.
}
refused-messages = { $count ->
    [one] I have not taken this message: please send it again then.
   *[other] I have not taken { $count } messages. Please send them again then:
}
refused-more = … and { $count } more
problem-answer-gone = That answer is not there any more, so there is nothing to do with it.

## Control, buttons

nothing-to-stop = Nothing is being written just now.
nothing-to-retry = There is no answer here to write again.
nothing-to-undo = There is no question here to take back.
undone = I have removed the last question and its answer.
only-asker = Only whoever asked can do that, or an administrator.
press-gone = I no longer remember this answer, so its buttons do nothing.
press-orphan = This was a leftover copy; the answer is in another message.
press-not-yours = This is for whoever asked, and for administrators.
press-over = The answer is complete already.
press-cut = This answer broke off because the bot could not write here. ▸ continues it, ↻ writes a new one.
press-mute = The bot may not write here at the moment.

## Settings

settings-title = { $where ->
    [topic] Settings of this topic. Its persona and model are its own, everything else counts in the whole group.
    [general] Settings of this group. Its persona and model count in every topic that has none of its own.
   *[chat] Settings of this chat
}
setting = { $name ->
    [language] Language: { $value } ({ source })
    [temperature] Temperature: { $value } ({ source })
    [streaming] Streaming: { $value } ({ source })
    [thoughts] The model's thoughts: { $value } ({ source })
    [persona] Persona: { $value } ({ source })
    [read_along] Reading along: { $value } ({ source })
    [conversations] Conversations: { $value } ({ source })
    [model] Model: { $value } ({ source })
    [max_tokens] Longest answer: { $value } tokens ({ source })
   *[proxy] Proxy to the model: { $value } ({ source })
}
button-setting = { $name ->
    [language] Language
    [temperature] Temperature
    [streaming] Streaming
    [thoughts] Thoughts
    [read_along] Reading along
    [conversations] Conversations
   *[persona] Persona
}
settings-page = { $name ->
    [language] In which language should I speak about commands and settings here? (My answers don't depend on this: the model answers in the language of the question, if it knows it.)
    [temperature] Low: matter-of-fact and repeatable. High: inventive and surprising. Any value from 0 to 2 works, for example /temperature chat 0.85
    [streaming] How should an answer appear?
    [thoughts] Some models think before they answer. What should happen to their thoughts?
    [read_along] Shall I read what people here write to each other, so that I know what a question is about?
    [conversations] Whose questions should I remember when I answer here? Everybody's, in one conversation? Or does each person get a conversation of their own, with their own /new, /export and /forget? You can switch at any time, nothing is lost.
   *[persona] Which persona should I take here? To write your own: /system and your text.
}
option = { $name ->
    [language] each person's own
    [streaming] { $value ->
        [edit] as it is written
        [draft] smoothly, Telegram's own way (private chats)
       *[off] all at once
    }
    [thoughts] { $value ->
        [fold] folded above the answer
       *[hide] hidden
    }
    [read_along] { $value ->
        [on] on
       *[off] off
    }
    [conversations] { $value ->
        [person] each person's own
       *[together] one for everybody
    }
   *[persona] { $value ->
        [own] a system prompt of your own
       *[none] none
    }
}
button-back = ‹ Back
button-usual = The usual value

## Records

export-nothing = There is no conversation here yet that I could send.
export-title = Conversation with { $name }, { $date }
forget-ask = Erase everything about this chat: all conversations, settings and persona? This can't be undone.
button-forget = Erase everything
button-keep = Keep it
forget-done = I have erased everything about this chat. The messages that you still see here are kept by Telegram: delete the chat to be rid of them, too.
forget-kept = Nothing was erased.

## People

access-granted = You are in! Ask me anything; /help shows what else you can do.
access-denied = I'm sorry, the admins have not let you in.
access-decided = { $standing ->
    [approved] { $name } may use the bot.
    [blocked] { $name } may not use the bot.
   *[other] { $name } is still waiting.
}
person-unknown = I don't know this person any more.
people-only-in-private = I show the list of people in our private chat only.
people-title = { $count ->
    [one] 1 person
   *[other] { $count } people
}{ $pages ->
    [1] { "" }
   *[other] { " " }({ $page }/{ $pages })
}
person = { $standing ->
    [admin] { $name } · admin
    [approved] { $name } · approved
    [waiting] { $name } · is waiting
    [blocked] { $name } · blocked
   *[new] { $name }
}
button-block = Block { $name }
button-unblock = Let { $name } in
admin-usage =
    Admins of the bot:
    { $admins }

    Write /admin add or /admin remove and a name such as @boris or an id, or reply with it to a message of theirs.
admin-added = { $name } is an admin of the bot now.
admin-removed = { $name } is no longer an admin of the bot.
admin-never-met = I have never met this person. They have to write to me first.
admin-in-environment = This admin is named in ADMIN_IDS: change that where the bot runs.
admin-is-none = This person is not an admin of the bot.

## What people send besides text

attachment-cut = { $unit ->
    [pages] { $kept ->
        [0] { $name } is too long to read in full: I read the beginning of its first page.
        [one] { $name } is too long to read in full: I read the first of its { $total } pages.
       *[other] { $name } is too long to read in full: I read the first { $kept } of its { $total } pages.
    }
    [slides] { $kept ->
        [0] { $name } is too long to read in full: I read the beginning of its first slide.
        [one] { $name } is too long to read in full: I read the first of its { $total } slides.
       *[other] { $name } is too long to read in full: I read the first { $kept } of its { $total } slides.
    }
   *[lines] { $kept ->
        [0] { $name } is too long to read in full: I read the beginning of its first, very long line.
        [one] { $name } is too long to read in full: I read the first of its { $total } lines.
       *[other] { $name } is too long to read in full: I read the first { $kept } of its { $total } lines.
    }
}
attachment-too-large = I can't read { $name }: it is larger than { $megabytes } MB.
attachment-unreadable = I can't read { $name }: the file is damaged, or it is not what its name says.
attachment-too-complex = I can't read { $name }: it is too complex to unpack.
attachment-locked = I can't read { $name }: it is protected by a password.
attachment-empty = I can't find any text in { $name }.
attachment-unsupported = I can't read { $name }: I don't know this kind of file.
attachment-scan = { $pages ->
    [one] I can't read { $name }: its page is a picture without text.
   *[other] I can't read { $name }: its { $pages } pages are pictures without text.
} Send me photos of the pages, or a version with text.
attachment-too-many-pixels = I can't look at { $name }: it has more than { $megapixels } megapixels.
attachment-picture-unreadable = I can't open { $name }: it is damaged or in a format I don't know, such as HEIC. Send it as a photo, not as a file.
attachment-recording-too-long = { $minutes ->
    [one] I can't listen to { $name }: it is longer than a minute.
   *[other] I can't listen to { $name }: it is longer than { $minutes } minutes.
}
attachment-recording-silent = I couldn't make out any words in { $name }.
attachment-no-transcription = I can't listen to recordings here. Please write it to me.
attachment-transcription-unavailable = I can't listen to recordings just now. Please try again in a moment, or write it to me.
attachment-transcription-refused = The transcription service doesn't accept the bot's settings or this recording. An admin has to look at it.

## Models

model-page = Model: { $model } ({ source }). Another one answers from the next answer on.
model-page-bot = The model where nobody has chosen another one: { $model }. Who may choose for their chat?
button-model-for-bot = For the whole bot …
button-model-choosers = { $who ->
    [admins] Admins choose
   *[everyone] Everybody chooses
}
model-here = { $model } answers here from the next answer on.
model-trying = Asking { $model } …
model-failed = { $model } does not answer, so everything stays as it was. { $reason }
model-gone = That model is not there any more. /model shows what there is.
model-fails = { $model } does not work ({ $cause }). I'll leave it alone for a while and use its fallback, if it has one. I'll tell you when it works again.
answer-by-fallback = { $model } answered, because { $wanted } does not work just now.
answer-by-default = { $model } answered: the model chosen here ({ $wanted }) is not there any more. /model shows what there is.

## People, groups and what was changed

menu-block = stop answering somebody; /allow @name lets them in again
menu-groups = the groups I am in
menu-audit = who changed what
people-sought = Found “{ $sought }”:
people-waiting = { $count ->
    [one] One person is waiting to be let in (/people).
   *[other] { $count } people are waiting to be let in (/people).
}
person-seen = { $days ->
    [0] here today
    [1] here yesterday
   *[other] here { $days } days ago
}
person-questions = { $count ->
    [one] 1 request in 24 hours
   *[other] { $count } requests in 24 hours
}
person-not-found = I can't tell whom you mean by { $who }. Search with /people and a part of the name.
person-is-admin = { $name } is an admin of the bot. Use /admin remove first.
block-usage = Whom? Write /block and a name such as @boris or an id, or reply with /block to a message of theirs. /allow and the same name lets them in again.
button-let-all-in = Let all { $count } in
let-all-in-ask = { $count ->
    [one] Let in the one person whom I have met and nobody has blocked?
   *[other] Let in all { $count } people whom I have met and nobody has blocked?
}
access-wait-longer = You are still waiting. I have reminded the admins.
access-blocked = An admin has blocked you, so I won't answer you from now on.
groups-title = { $count ->
    [0] I'm in no group that I know of. I notice one when somebody adds me or writes to me there.
    [one] 1 group
   *[other] { $count } groups
}{ $pages ->
    [1] { "" }
   *[other] { " " }({ $page }/{ $pages })
}
group-line = { $state ->
    [allowed] { $title }
   *[outside] { $title }: not let in
}{ $writable ->
    [false] { " · " }I may not write there
   *[other] { "" }
}
groups-only-in-private = I show the list of groups in our private chat only.
button-allow = Let { $title } in
button-take-back = Don't answer in { $title }
button-leave = Leave { $title }
group-leave-ask = Leave { $title }? To have me back, somebody has to add me again.
group-taken-back = An admin has decided that I don't answer in this group any more.
audit-only-in-private = I show what was changed in our private chat only.
audit-title = Who changed what in the last 90 days, newest first (UTC):
audit-empty = Nothing was changed in the last 90 days.
audit-line = { $at } { $who } { $what }
audit-what = { $action ->
    [approved] let { $about } in
    [declined] declined { $about }
    [blocked] blocked { $about }
    [approved-all] let in everybody who was known
    [group-allowed] let the group { $about } in
    [group-taken-back] took the group { $about } out
    [group-left] made me leave { $about }
    [admin-added] made { $about } an admin
    [admin-removed] took { $about } off the admins
    [admin-link] became an admin by the link
    [hold-ended] ended the pause of { $about }
    [changed] { $scope ->
        [bot] changed { $about }
       *[other] changed { $about } in { $place }
    }
    [set] { $scope ->
        [bot] set { $about } to { $value }
       *[other] set { $about } to { $value } in { $place }
    }
    [reset] { $scope ->
        [bot] reset { $about }
       *[other] reset { $about } in { $place }
    }
   *[other] { $action }: { $about }
}

## Privacy

menu-privacy = what I keep, and for how long
privacy-kept = { $days ->
    [0] I keep your questions, my answers and this chat's settings until somebody sends /forget.
    [one] I keep your questions and my answers for one day, and this chat's settings until somebody sends /forget.
   *[other] I keep your questions and my answers for { $days } days, and this chat's settings until somebody sends /forget.
} Of files I keep the text, not the files. For the limits I remember for two days when somebody asked.
privacy-model = { $where ->
    [here] The model runs on the same computer as I do: your questions go nowhere else, apart from Telegram.
   *[elsewhere] To answer, I send your question and the conversation before it to the model's server. Whoever runs that has rules of their own.
}
privacy-troubles = Why an answer failed I keep for { $days ->
    [one] a day
   *[other] { $days } days
}, or until /forget, without what was said.
privacy-people = Telegram tells me your name, username, id and language, and I remember the hour of your last message. The id and the hour stay; /forget in our private chat erases the rest, until you write again. For { $days } days I keep what admins have changed, and what they wrote to everybody. Whoever runs me can read all of this.
privacy-requests = Until an admin lets you in, I keep your messages ({ $count } at most) for up to { $days } days; if they decline, I delete them.
privacy-group = In groups I keep only what is said to me, and the messages that it replies to.
privacy-rights = /export sends you the conversation, /forget erases it.

## Commands with a name or a number

persona-set = From the next message on, my persona here is “{ $persona }”.
persona-unknown = I have no persona called “{ $wanted }”.
undone-one = I have removed the last question and its answer. /undo takes back one at a time.

## Usage

menu-usage = how many tokens you have used
usage-own = { $period ->
    [day] You, today
   *[month] You, this month
}: { $count ->
    [one] { $tokens } token.
   *[other] { $tokens } tokens.
}
usage-left = { $tokens } are left.
usage-table = { $by ->
    [model] Everybody, this month, by model:
    [person] Everybody, this month, by person:
   *[chat] Everybody, this month, by chat:
}
usage-line = { $subject }: { $answers ->
    [one] 1 answer
   *[other] { $answers } answers
}, { $count ->
    [one] { $tokens } token
   *[other] { $tokens } tokens
}
budget-spent = { $whose ->
    [bot] The bot's tokens { $period ->
        [day] for today
       *[month] for this month
    } are used up.
   *[person] Your tokens { $period ->
        [day] for today
       *[month] for this month
    } are used up.
} It goes on at { $at }.

## What failed

menu-trouble = what failed lately, and why
answer-reference = { $note } (error { $ref })
trouble-title = What failed lately (/trouble and a code tells you more about one):
trouble-none = Nothing failed lately.
trouble-line = { $ref } · { $at } · { $where }
    { $cause }
trouble-shown =
    { $ref }: { $cause }

    When: { $at }
    Where: { $where }
    Model: { $model }
    Tried: { $tries } times in attempt { $attempt }
    In the log: turn={ $turn }, replica { $replica }
trouble-unknown = I know of no failure { $ref }. It may be too old; /trouble lists the newest.
trouble-only-in-private = Ask me that in our private chat: the list names other chats.
alert-refused = The model's server refuses the bot's settings ({ $model }): { $cause }. Check the key, the name of the model and the proxy. I will tell you when it works again.
alert-down = The model ({ $model }) does not answer: { $cause }. See whether its server runs, and whether its address is right. I will tell you when it answers again.
alert-over-refused = The model's server accepts the bot's settings again ({ $model }).
alert-over-down = The model ({ $model }) answers again.
alert-default-model = the default one
alert-storage = I cannot store anything: { $kind ->
        [full] the disk with the database is full. Make room there.
        [unreachable] no connection to the database. See whether PostgreSQL runs, and whether DATABASE_URL is right.
       *[other] { $cause }. Look at the disk and the database.
    } Questions wait at Telegram meanwhile; I will tell you when it works again.
alert-over-storage = The database works again.

## Holds

menu-hold = chats where Telegram lets me write nothing for now
hold-title = Telegram doesn't let me write to these chats until then (/hold and the number ends that):
hold-none = There is no chat where I have to wait.
hold-line = { $where }: { $until }
hold-ended = I'll write to { $where } again. If it is too early, Telegram makes me wait again.
hold-unknown = I may write to that chat. /hold lists those where I may not.
hold-only-in-private = Ask me that in our private chat: the list names other chats.

## Recordings

heard = 🎙 I heard:
help-recordings = Voice messages, audio and video notes are heard, too: up to 15 minutes and 20 MB. If I misheard you, reply to what I heard with the right words, and I answer again.

## Messages to everybody

menu-broadcast = write to everybody, to groups, or to those who wrote lately
word-groups = groups
broadcast-usage =
    /broadcast and a text goes to everybody who has written to me, /broadcast groups and a text to the groups, /broadcast 30 and a text to those who wrote in the last 30 days. Or reply with it to the message that should go out, a picture or a file too. You see it first.
broadcast-only-in-private = Prepare that in our private chat.
broadcast-nobody = There is nobody to write to.
broadcast-shown = { $audience ->
    [groups] This goes to { $chats ->
        [one] one group:
       *[other] { $chats } groups:
    }
   *[people] { $days ->
        [0] This goes to { $chats ->
            [one] one person:
           *[other] { $chats } people:
        }
       *[other] This goes to { $chats ->
            [one] one person
           *[other] { $chats } people
        } who wrote in the last { $days } days:
    }
}
broadcast-send = Send
broadcast-drop = Don't send
broadcast-stop = ■ Stop sending
broadcast-begun = I am writing to { $chats } chats, slowly enough that answers do not wait. You will hear when it is done.
broadcast-decided = That was decided already.
broadcast-dropped = Nothing was sent.
broadcast-stopped = Stopped. Sent: { $sent }; blocked: { $blocked }; failed: { $failed }.
broadcast-done = Your message has gone out. Sent: { $sent }; blocked me: { $blocked }; failed: { $failed }.

## The limit of an answer

limit-kept = { $keeper ->
    [bot] I count the tokens myself, roughly, and stop there.
   *[nobody] It limits nothing here: the model reads only { $context } tokens in all.
}{ $openchat ->
    [0] { "" }
   *[other] { " " }openchat's server ends every answer after { $openchat } tokens.
}

## The reason of a failure, for admins

answer-cause = For you as an admin: { $cause }

## Statistics

menu-stats = how the bot was used lately, as a picture
stats-only-in-private = Ask me that in our private chat.
stats-title = The last { $days } days (UTC)
stats-questions = 1 · Requests a day (questions, ↻ and ▸): { $questions } in all, { $most } at most
stats-failed = in red, failed answers: { $failed } ({ $share } %)
stats-people = 2 · People a day: { $people } in all, { $most } at most
stats-first-text = 3 · Time to the first text, median: { $seconds } s
stats-models = 4 · Answers by model:
stats-hours = 5 · Busiest hours: { $hours }
stats-period = { $days } days

## Pictures

question-about-picture = What is in this picture?

## Conversations of single people in a group

button-forget-own = Erase my conversation
forget-own-ask = Erase your own conversation with me in this group? This can't be undone.
forget-own-done = I have erased your conversation with me in this group. Telegram keeps the messages that you still see here.

## Many requests at once

access-digest = Many would like to use the bot, the last of them { $name }. { $count ->
    [one] One person is waiting
   *[other] { $count } people are waiting
} to be let in: /people
help-pictures = I see pictures, too: photos, all of an album, pictures sent as files, stickers, and a still of a GIF, also in the message you reply to.

## Questions of several messages

answer-unseen = The model here can't see pictures, so it answered your words only.

## Reading along in a group

read-along-kept = { $count ->
    [one] While it is on, I keep the newest message that was not written to me, for { $hours ->
        [one] an hour
       *[other] { $hours } hours
    } at the most, and read it when somebody asks me something.
   *[other] While it is on, I keep the newest { $count } messages that were not written to me, for { $hours ->
        [one] an hour
       *[other] { $hours } hours
    } at the most, and read them when somebody asks me something.
} Switching it off erases them, and so does /forget.
read-along-seen = Telegram shows me every message of this group.
read-along-hidden = Telegram's privacy mode hides these messages from me. To let me see them, make me an administrator of this group (or the bot's owner turns privacy mode off: @BotFather, /setprivacy, then add me to the group again).
read-along-none = The bot's owner does not let me read along in groups.
read-along-begins = { $count ->
    [one] From now on I read along here: I keep the newest message that was not written to me, for { $hours ->
        [one] an hour
       *[other] { $hours } hours
    } at the most, to know what a question is about.
   *[other] From now on I read along here: I keep the newest { $count } messages that were not written to me, for { $hours ->
        [one] an hour
       *[other] { $hours } hours
    } at the most, to know what a question is about.
} Administrators can switch that off in /settings. /privacy says more.
help-read-along = I read along here: when you ask me something, I know what was last said in the group. Administrators can switch that off in /settings.
group-hello-read-along = If you want me to know what you are talking about, an administrator of the group can have me read along: /settings.
privacy-read-along = { $count ->
    [one] In this group I read along. I keep what is said to me, and what somebody replies to. Of other messages I keep the newest one, for { $hours ->
        [one] an hour
       *[other] { $hours } hours
    } at the most; with a question it goes to the model.
   *[other] In this group I read along. I keep what is said to me, and what somebody replies to. Of other messages I keep the newest { $count }, for { $hours ->
        [one] an hour
       *[other] { $hours } hours
    } at the most; with a question they go to the model.
}
privacy-pictures = Of a picture I keep only its number at Telegram, and fetch it again when the model has to see it. The model's server gets a smaller copy, without place and time.
privacy-recordings = Recordings go to a transcription service. I keep the words that it understood, not the sound.

## Commands, more of them

retry-above = I'm rewriting this answer.
temperature-for-bot = Only an admin can change it for the whole bot. For this chat: /temperature chat 0.9

## Another model for an answer

button-other-model = ⇄ Model

## Budgets of money, and what is kept of usage

usage-cost = { $cost } { $currency } spent.
usage-cost-left = { $cost } { $currency } are left.
usage-forgotten = (forgotten)
usage-cut = , and { $count ->
    [one] 1 attempt that a restart cut off (only the server counted it)
   *[other] { $count } attempts that restarts cut off (only the server counted them)
}
budget-money-spent = { $whose ->
    [bot] The bot's money { $period ->
        [day] for today
       *[month] for this month
    } is used up.
   *[person] Your share of the money { $period ->
        [day] for today
       *[month] for this month
    } is used up.
} It goes on at { $at }.
budget-tokens = { $used } of { $budget } tokens
budget-money = { $used } of { $budget } { $currency }
budget-warning-bot = The whole bot's budget { $period ->
    [day] for today
   *[month] for this month
} is nearly used up: { $amount }.
budget-warning-person = Your budget { $period ->
    [day] for today
   *[month] for this month
} is nearly used up: { $amount }. /usage shows what is left.
privacy-usage = For bills and limits I keep how many tokens each answer took, when, for whom and with which model, but not the words: for { $days ->
    [one] a day
   *[other] { $days } days
}, and at least until the month is over. After /forget the chat is gone from these figures at once, and your name at the end of the month.

## Versions in an export

export-other-version = another version

## What a bot with these settings reads

greeting-reads = { $kinds ->
    [both] Besides words I read documents, look at pictures and listen to voice messages.
    [pictures] Besides words I read documents and look at pictures.
    [recordings] Besides words I read documents and listen to voice messages.
   *[documents] Besides words I read documents.
}
help-documents-group = I read documents, too: plain text, PDF, Word, Excel, PowerPoint, OpenDocument, web pages, EPUB and RTF, up to 20 MB. Mention me in the caption, or in a reply to the document.
help-others = Forwarded messages, places, contacts, polls, checklists and dice are read, too.

## Words for changes, and figures

decimal-mark = .
thousands-mark = ,
audit-tokens = { $count ->
    [one] 1 token
   *[other] { $count } tokens
}
audit-setting = { $name ->
    [language] the language
    [temperature] the temperature
    [streaming] streaming
    [thoughts] the model's thoughts
    [persona] the persona
    [system_prompt] the system prompt
    [read_along] reading along
    [conversations] conversations
    [model] the model
    [model_choice] who chooses the model
    [max_tokens] the length limit of answers
    [proxy] the proxy
   *[other] { $name }
}
audit-model-choosers = { $who ->
    [admins] admins
   *[everyone] everybody
}
answer-outdated = The question has changed: the new answer is below.
in-all-topics = It counts in every topic that has none of its own.

## What admins are told of by themselves: more causes

alert-certificate = The certificate of the model's server ({ $model }) is not accepted: { $cause }. It has to be renewed there; a CA of your own goes into SSL_CERT_FILE. I will tell you when the model answers again.
alert-proxy-refused = The proxy to the model ({ $model }) refuses the user name or password: { $cause }. /proxy sets another one. I will tell you when the model answers again.
alert-proxy-down = The proxy to the model ({ $model }) does not work: { $cause }. /proxy test tries it, /proxy off goes without one. I will tell you when the model answers again.
alert-conflict = A second program uses my token: Telegram gives each message to only one of us, so some stay unanswered. Stop the other one, or have @BotFather make a new token. I will tell you when it is over.
alert-over-conflict = No second program uses my token any more.
alert-webhook = Telegram cannot deliver messages to me: { $cause }. Look at WEBHOOK_URL, its certificate and the server that stands before me. What was written waits at Telegram; I will tell you when it comes again.
alert-over-webhook = Telegram delivers messages to me again.
alert-schema = I cannot start: the database was made by a newer version of me. Install that version, or restore the copy from before the upgrade. I will tell you when I run again.
alert-over-schema = I run again: version and database fit.

## What a bot with these settings reads

model-embedded = { $model } is the only model here: it runs inside this program. The README shows how to connect another one.

## Messages to everybody: what cannot go out

broadcast-not-copied = I can't send that to everybody. Text goes out, and pictures, videos, recordings, files, stickers, places and contacts, one message at a time (captions up to 1,024 characters): no albums, no polls.
broadcast-copied = (the message above)
broadcast-gone = The message that was to go out is deleted, so I stopped. Sent: { $sent }; blocked me: { $blocked }; failed: { $failed }.

## Causes that admins are told

cause-nobody-listens = no connection: nobody listens there{ $place }
cause-unknown-name = no connection: the name of the server does not resolve{ $place }
cause-no-proxy = no connection to the proxy
cause-proxy-login = the proxy does not accept the user name and password
cause-time-limit = a time limit passed
cause-no-address = this is not the address of a server
cause-connection-broke = the connection broke
