"""The wording of instructions that are meant for the model and not for people, in five languages.

Each rule needs two things near each other that rarely meet in honest text: to ignore AND instructions
given before, to reveal AND the system prompt, a note AND an AI as its addressee.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Where(StrEnum):
    """Where a rule holds: people may well ask for what a document has no business to demand."""

    ANYWHERE = "anywhere"
    QUESTION = "question"
    PASSAGE = "passage"


@dataclass(frozen=True, slots=True)
class InjectionRule:
    """`sure` rules are acted upon; the others make somebody look."""

    id: str
    pattern: re.Pattern[str]
    where: Where = Where.ANYWHERE
    sure: bool = True


_EN_RULES = (
    r"(?:instructions?|instruction sets?|prompts?|directives?|guidelines?|guard ?rails?|programming|"
    r"(?:safety |ethical |content |system )?(?:rules?|polic(?:y|ies)|restrictions?|constraints?"
    r"|filters?|protocols?)|"
    r"commands?|orders|system messages?|training|context)"
)
_EN_DROP = (
    r"(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?|bypass|overrid(?:e|ing)|overrule|discard|drop"
    r"|skip|abandon|"
    r"neglect|set aside|throw out|erase|cancel|pay no attention to|(?:do not|don['’]?t|stop|no longer"
    r"|never) "
    r"(?:follow(?:ing)?|obey(?:ing)?|adher(?:e|ing) to|comply(?:ing)? with))"
)
_EN_BEFORE = (
    r"(?:all|any|every|previous|prior|preceding|former|earlier|above|foregoing|past|initial|original"
    r"|existing|"
    r"your|system|other|old)"
)
_MODES = (
    r"(?:developer|dev|god|debug|admin(?:istrator)?|root|sudo|jailbreak|jailbroken|unrestricted"
    r"|unfiltered|maintenance|"
    r"dan|unlocked|uncensored|evil|chaos)"
)
_FREE = (
    r"(?:restrictions?|limits?|limitations?|filters?|rules?|guidelines?|censorship|guard ?rails?"
    r"|boundaries|ethics|"
    r"morals?|content polic(?:y|ies)|safety|constraints?)"
)
_SECRETS = (
    r"(?:passwords?|credentials?|api[ _-]?keys?|secrets?|access tokens?|environment variables"
    r"|private keys?|"
    r"(?:customer|client|user|employee|personal|private|internal|raw|order|payment)s?[’'s]* "
    r"(?:e-?mails?|data(?:base)?|list|records?|details|information|configuration))"
)
_TELL = (
    r"(?:reveal|show|print|repeat|output|display|tell|give|share|expose|leak|disclose|dump|write|recite"
    r"|summari[sz]e|"
    r"translate|copy|paste|echo|quote|return|list|describe|what (?:is|are|was|were)|send)"
)
_AI = (
    r"(?:ai|a\.i\.|bot|chat ?bot|assistant|ai assistant|(?:large )?language model|llm|gpt|chatgpt"
    r"|ai model|ai agent|"
    r"virtual assistant|summari[sz]er|copilot|digital assistant)"
)
_REPLY = r"(?:reply|response|answer|output|summary|message)"
_STEER = (
    r"(?:add|append|include|insert|integrate|incorporate|embed|mention|put|place|prepend|attach|modify"
    r"|augment|enhance|"
    r"adjust|alter|extend|supplement|replace|substitute|render|convert|encode|scramble|shuffle"
    r"|rearrange|jumble|reverse|"
    r"anagram|misspell|remove|omit|group|combine|merge|use|provide|write|give|format|deliver|present"
    r"|express|introduce|"
    r"end|begin|start|finish|conclude|close|suggest|tease|weave|slip|work|make|change|transform|rewrite"
    r"|spell|swap|"
    r"recommend|promote|emphasi[sz]e|reference)"
)


_UNSURE = frozenset({"reply-steering", "tool-call", "forged-frame", "hidden-text", "exfiltration"})
"""Letters ask for things in a reply, manuals name functions and tags: only a person can tell."""


def _rule(identifier: str, pattern: str, where: Where = Where.ANYWHERE, flags: int = re.I) -> InjectionRule:
    return InjectionRule(identifier, re.compile(pattern, flags), where, identifier not in _UNSURE)


ENGLISH = (
    _rule(
        "override", rf"\b{_EN_DROP}\b(?:\W+\w+){{0,3}}?\W+{_EN_BEFORE}\b(?:\W+\w+){{0,3}}?\W+{_EN_RULES}\b"
    ),
    _rule(
        "override",
        rf"\b{_EN_DROP}\W+(?:about )?(?:everything|all|anything|whatever|what)\b(?:\W+\w+){{0,2}}?\W+"
        r"(?:above|before|previously|prior|you (?:were|was|have been|['’]ve been|know|learned|are told)"
        r"|so far|until now)",
    ),
    _rule(
        "override",
        rf"\b{_EN_DROP}\W+(?:the|these|those|this) (?:above|previous|prior|earlier)\b(?=\W*(?:$|"
        rf"[.,;!\n]| and\b))",
    ),
    _rule(
        "new-rules",
        r"\b(?:new|updated|real|actual|true|secret|hidden)\W+(?:system )?"
        r"(?:instructions?|directives?|orders|objective)s?\W{0,3}(?::|is\b|are\b|supersedes?|from)",
    ),
    _rule(
        "new-rules",
        r"\byour (?:(?:real|actual|true|only|secret|new) (?:task|goal|purpose|mission|instructions?"
        r"|directives?)|(?:real|true|secret) (?:job|role|rules?)) (?:is|are)\b",
    ),
    _rule(
        "new-rules",
        r"\byour (?:rules?|instructions?|guidelines?|polic(?:y|ies)|programming) (?:have|has|are|were"
        r"|was)\b[\w\s]{0,20}\b(?:changed|updated|replaced|void|suspended|lifted|overridden)",
    ),
    _rule(
        "new-rules",
        r"\b(?:from now on|from this point|going forward|henceforth|starting now)\b[^.\n]{0,40}\byou "
        r"(?:will|must|shall|are|have|can|should|only|no longer|do not|don['’]t|obey|answer|act"
        r"|ignore)\b",
    ),
    _rule(
        "new-rules",
        r"\byou (?:must|will|shall|now|should)(?: now)? (?:comply with|obey|follow|accept|fulfil?l) "
        r"(?:every|all|any|my|only|each)\b",
    ),
    _rule(
        "no-limits",
        rf"\b(?:you|ai|model|assistant|bot|dan)\b[^.\n]{{0,60}}\b(?:no|without|free (?:of|from)"
        rf"|not bound by|beyond|zero|lacks?)"
        rf"(?: any| all| more| longer any| of)?(?: \w+)?(?: or \w+)? {_FREE}\b",
    ),
    _rule(
        "no-limits",
        r"\b(?:safety|content|security|ethical?|moderation) (?:protocols?|filters?|polic(?:y|ies)"
        r"|restrictions?|guard ?rails?|measures|checks)\b[^.\n]{0,15}\b(?:disabled|off|removed|lifted"
        r"|suspended|deactivated|bypassed)",
    ),
    _rule(
        "no-limits",
        rf"\b(?:disable|turn off|remove|lift|deactivate|bypass|switch off|drop|evade|circumvent) "
        rf"(?:all |any )?(?:your|the ai['’]?s?|its|ai|content|safety)(?: \w+)? ?(?:{_FREE}|protocols?)",
    ),
    _rule(
        "no-limits",
        r"\b(?:unrestricted|unfiltered|uncensored) (?:response|answer|ai|mode|model|assistant|output)"
        r"|\bwithout (?:any )?(?:filter(?:s|ing)?|censorship|restrictions)\b",
    ),
    _rule(
        "persona",
        rf"\b(?:you are|you['’]re|enable|enter|activate|switch to|in|into|engage|start) (?:now )?(?:in "
        rf"|an? |the )?{_MODES} ?mode\b",
    ),
    _rule(
        "persona",
        r"\bdo anything now\b|\byou are (?:now )?(?:DAN|unrestricted|unfiltered|uncensored|jailbroken"
        r"|unbound|unchained)\b|\bjailbreak\b.{0,30}\byou\b",
    ),
    _rule(
        "persona",
        r"\b(?:pretend|act|role-?play|imagine|behave|simulate|play|speak|respond|answer)\b[^.\n]{0,60}\b"
        rf"(?:no|without(?: any)?|ignor\w+|free (?:of|from)|unbound by|not bound by) (?:\w+ )?{_FREE}",
    ),
    _rule(
        "persona",
        r"\b(?:pretend|act|role-?play|imagine|behave|simulate)\b[^.\n]{0,50}\b(?:evil|unrestricted"
        r"|unfiltered|uncensored|unaligned|jailbroken|rogue|amoral)\b",
    ),
    _rule("persona", r"\b(?:stay|remain) in character\b|\bopposite (?:day|mode)\b.{0,40}\b(?:rules?|you)\b"),
    _rule(
        "prompt-request",
        rf"\b{_TELL}\b[^.\n]{{0,40}}\b(?:system|hidden|initial|secret|developer|internal|base|pre|full"
        rf"|original|operating)[ -]?"
        r"(?:prompt|instructions?|messages?|directives?|configuration|preamble|rules)\b(?! (?:manual"
        r"|for|on how|to install))",
    ),
    _rule(
        "prompt-request",
        r"\b(?:your|the) (?:\w+ )?(?:system|initial|hidden|secret|original|developer) (?:prompt"
        r"|message)\b(?! requirements)",
    ),
    _rule(
        "prompt-request",
        rf"\b{_TELL}\b[^.\n]{{0,30}}\byour (?:exact |full |complete |own |entire |current |verbatim )*"
        rf"(?:prompt|instructions)\b(?! (?:for|on|about|to|manual|say|regarding))",
    ),
    _rule(
        "prompt-request",
        r"\b(?:instructions?|rules|prompt|guidelines|directives?) (?:that )?(?:you (?:were|are"
        r"|have been|['’]ve been|got|received|follow)|(?:were |was )?given to you|that govern you)",
    ),
    _rule(
        "prompt-request",
        r"\b(?:repeat|print|output|echo|copy|recite|show|reproduce|write out)\b[^.\n]{0,25}\b(?:words?"
        r"|text|everything|all|content|lines?|messages?|conversation)\b[^.\n]{0,10}\b(?:above"
        r"|before this|in your context|so far|preceding)",
    ),
    _rule(
        "prompt-request", r"\b(?:your|entire|full|whole) context window\b|\bwhat (?:was|is) written above\b"
    ),
    _rule(
        "exfiltration",
        rf"\b(?:send|forward|e-?mail|post|upload|transmit|exfiltrate|leak|dump|copy|deliver|reveal"
        rf"|output|list|print|collect)\b"
        rf"[^.\n]{{0,60}}\b{_SECRETS}\b[^.\n]{{0,80}}(?:\b(?:to|at|via)\b[^.\n]{{0,30}}(?:@|https?:"
        rf"|www\.|webhook|external)|\bexternally\b)",
    ),
    _rule(
        "exfiltration",
        rf"\b(?:exfiltrate|leak|dump|reveal|expose)\b[^.\n]{{0,40}}\b{_SECRETS}",
        Where.QUESTION,
    ),
    _rule(
        "exfiltration",
        r"\b(?:output|print|dump|show|list|reveal|export|give me)\b[^.\n]{0,25}\b(?:raw|entire|whole"
        r"|full|private|all) (?:\w+ )?(?:databases?|environment variables|credentials|passwords"
        r"|api keys)",
    ),
    _rule("exfiltration", r"!\[[^\]]{0,60}\]\(https?://[^)\s]{0,200}[?&][\w-]{1,30}=[^)\s]{0,40}[{<\[$]"),
    _rule(
        "tool-call",
        r"\b(?:call|use|invoke|run|execute|trigger)\b (?:the )?(?:\w+ )?`?[a-z]+(?:_[a-z]+)+`?\b(?:\(| "
        r"(?:to|on|with|for|before|tool|function))",
        Where.PASSAGE,
    ),
    _rule(
        "addressed",
        rf"\b(?:note|message|instructions?|attention|reminder|hint|notice|memo|directive)s?\b"
        rf"(?: intended| meant)? (?:to|for) (?:the |any |all |our |your )?{_AI}s?\b",
        Where.PASSAGE,
    ),
    _rule(
        "addressed",
        rf"\b{_AI}s?\b (?:that (?:is|are) )?(?:reading|processing|summari[sz]ing|parsing|analy[sz]ing"
        rf"|handling|that reads?|who reads?) (?:this|the)\b",
    ),
    _rule(
        "addressed",
        rf"\bif you(?:['’]re| are) (?:an? |the )?{_AI}\b|\b(?:dear|hey|hello|attention)[, ]+"
        rf"(?:the )?{_AI}\b|\bas an? {_AI}, (?:you|ignore|do|please)",
        Where.PASSAGE,
    ),
    _rule(
        "forged-frame",
        r"<\|?(?:im_start|im_end|system|endoftext|assistant|user|eot_id)\|?>|\[/?INST\]|<</?SYS>>"
        r"|^#{2,4} ?(?:system|instructions?|assistant)\b.*:?\s*$",
        flags=re.I | re.M,
    ),
    _rule(
        "forged-frame",
        r"(?:^|\n)\s*[\[<(*]*(?:system|admin(?:istrator)?|root|developer)(?: (?:note|message|notice"
        r"|override|update|alert|prompt|instruction|command))?[\]>)*]*\s*:",
        Where.ANYWHERE,
    ),
    _rule(
        "forged-frame",
        r"\[(?:system|admin|developer|assistant)[^\]]{0,30}\]|\bsystem (?:override|note to self)\b"
        r"|\bimportant system update\b",
    ),
    _rule(
        "forged-frame",
        r"\b(?:end|begin|start) of (?:the )?(?:document|context|user input|data|passages?|text"
        r"|system prompt|file|conversation|untrusted)\b[^\n]{0,20}\n?[^\n]{0,80}\b(?:instruction|ignore"
        r"|system|you (?:must|are|will)|user|new)\b",
    ),
    _rule(
        "forged-frame", r"</?(?:passages?|document|context|system|user_input|data|untrusted|instructions?)>"
    ),
    _rule(
        "override",
        r"\b(?:override|overriding)\s*(?::|code|protocol|sequence)|\bstop\b[.!]\s*(?:new|ignore|forget)\b",
    ),
    _rule(
        "decode-and-obey",
        r"\b(?:decode|decrypt|unscramble|deobfuscate|base64|rot-?13|hex|reverse|translate)\b.{0,120}\b"
        r"(?:and|then)\b.{0,20}\b(?:do (?:what|as|exactly)|follow|obey|execute|run|comply|act on"
        r"|carry out|perform)\b",
        flags=re.I | re.S,
    ),
    _rule(
        "reply-steering",
        rf"(?:^|[.!?:\n]\s*|[\"“'‘|>]\s*|\bplease |\bmust |\bshould |\bto )\W{{0,3}}{_STEER}\b(?:[^.\n]"
        rf"|\.(?=\S)){{0,160}}?\b(?:your|every|each|the final|any|all) (?:\w+ )?{_REPLY}(?:s|ies)?\b"
        rf"(?! (?:to|from) (?:the |your |us|our ))",
        Where.PASSAGE,
    ),
    _rule(
        "reply-steering",
        rf"\b(?:in|at|to|into|of|with) (?:the (?:end|start|beginning|top|bottom) of )?(?:your|every"
        rf"|each) (?:final |next )?{_REPLY}\b,?[^.\n]{{0,20}}\b{_STEER}\b",
        Where.PASSAGE,
    ),
    _rule(
        "reply-steering",
        r"\b(?:append|add|include|insert|appended|added|included|inserted|put)\b[^.\n]{0,80}\b(?:end"
        r"|start|beginning) of (?:your|every|each|the|any|all) (?:reply|response|answer|output"
        r"|summary)",
        Where.PASSAGE,
    ),
    _rule(
        "reply-steering",
        r"\b(?:when|before|while|whenever|as|after|once) you (?:answer|respond|reply|summari[sz]e"
        r"|process|read|finish|generate|produce)\b[^.\n]{0,60}\b(?:must|include|append|add|call|use"
        r"|send|also|first|say|mention|ignore|output|write)\b",
        Where.PASSAGE,
    ),
    _rule(
        "reply-steering",
        r"\b(?:include|add|mention|show|shown|repeat|state)\b[^.\n]{0,60}\bin (?:your|every|each"
        r"|any) summar(?:y|ies)\b|\bbefore (?:responding|replying|answering|you (?:respond|reply"
        r"|answer))\b",
        Where.PASSAGE,
    ),
    _rule(
        "hidden-text",
        r"<!--[^>]{0,300}\b(?:ignore|instruction|assistant|you must|prompt|system|reply|answer)\b"
        r"[^>]{0,300}-->",
        flags=re.I | re.S,
    ),
    _rule(
        "hidden-text",
        r"(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|color\s*:\s*(?:white|#fff"
        r"(?:fff)?)\b)",
        Where.PASSAGE,
    ),
)

GERMAN = (
    _rule(
        "override",
        r"\b(?:ignorier\w*|missacht\w*|vergiss|vergesst|vergessen sie|verwirf|überschreib\w*|umgeh\w*"
        r"|setz\w* dich hinweg über)\b(?:\W+\w+){0,5}?\W+(?:anweisung\w*|instruktion\w*|vorgabe\w*"
        r"|richtlinie\w*|regel\w*|befehl\w*|prompts?|system\w*|beschränkung\w*|sicherheits\w*"
        r"|anordnung\w*|filter\w*)\b",
    ),
    _rule(
        "override",
        r"\b(?:vergiss|ignoriere|vergessen sie|ignorieren sie)\W+(?:bitte )?(?:alles|was)\b"
        r"[^.\n]{0,40}\b(?:bisher|vorher|zuvor|oben|besprochen|gesagt|gelernt|davor|haben|wurde)\b",
    ),
    _rule(
        "new-rules",
        r"\bneue (?:anweisung|instruktion|regel|direktive|aufgabe)\w*\s*:|\b(?:ab jetzt|ab sofort"
        r"|von nun an|ab nun)\b[^.\n]{0,50}\b(?:du|sie)\b[^.\n]{0,50}\b(?:keine|regel\w*|ohne|alles"
        r"|gehorch\w*|befolg\w*|preis|musst|bist|antworte\w*)\b",
    ),
    _rule(
        "no-limits",
        r"\bdu (?:bist|hast|antwortest|befolgst|kennst|unterliegst)\b[^.\n]{0,40}\b(?:uneingeschränkt"
        r"|keine(?:n|r)?(?: \w+)? (?:regel|richtlinie|einschränkung|beschränkung|grenze|filter)\w*"
        r"|ohne (?:filter|regeln|einschränkung\w*|grenzen|beschränkung\w*))",
    ),
    _rule(
        "no-limits",
        r"\b(?:ohne|keine) (?:jegliche |jede |deine )?(?:filter|einschränkung\w*|beschränkung\w*|zensur"
        r"|sicherheitsregeln)\b",
    ),
    _rule(
        "persona",
        r"\b(?:entwickler|debug|admin\w*|gott|jailbreak|wartungs|dan)-?\s?modus\b|\b(?:tu so"
        r"|stell dir vor|spiel\w*|verhalte dich)\b[^.\n]{0,60}\b(?:ki|ohne|keine|böse\w*)\b"
        r"[^.\n]{0,20}\b(?:regel|einschränk|filter|grenzen|ki)\w*",
    ),
    _rule(
        "prompt-request",
        r"\b(?:zeig\w*|verrat\w*|verrate|gib|nenn\w*|wiederhol\w*|druck\w*|sag\w*|offenbar\w*"
        r"|schreib\w*|leg\w*|was (?:ist|sind|steht)|wie lauten?)\b[^.\n]{0,40}\b(?:system-?\s?(?:prompt"
        r"|anweisung|nachricht|instruktion|vorgabe)\w*|(?:deine|ursprüngliche|geheime|interne"
        r"|versteckte)\w* (?:\w+ )?(?:anweisung|instruktion|vorgabe|prompt|regel)\w*)",
    ),
    _rule(
        "exfiltration",
        r"\b(?:send\w*|schick\w*|übermittl\w*|leit\w*|gib\w*|gebt|exportier\w*|sammel\w*)\b"
        r"[^.\n]{0,60}\b(?:kundendaten|passw\w+|zugangsdaten|schlüssel|internen? daten|kundenliste"
        r"|datenbank|geheim\w*|kunden-e-mails)\b[^.\n]{0,60}(?:@|http|\bextern\w*|\bpreis\b|\bheraus\b)",
    ),
    _rule(
        "addressed",
        r"\b(?:hinweis|nachricht|anweisung|mitteilung|notiz)\w* (?:an|für) (?:die |den |das |alle "
        r"|jede )?(?:ki|bot|assistent\w*|sprachmodell\w*|chatbot|modell|llm)\b|\bwenn du (?:eine ki"
        r"|ein sprachmodell|ein assistent|ein bot)\b",
        Where.PASSAGE,
    ),
    _rule("forged-frame", r"\bsystem-?(?:hinweis|nachricht|meldung|anweisung|notiz)\s*:"),
    _rule(
        "reply-steering",
        r"\b(?:am (?:ende|anfang)|in|an|zu)\b (?:deine\w*|jede\w*|der|die|aller) (?:\w+ )?(?:antwort"
        r"|zusammenfassung|ausgabe)\w*\b[^.\n]{0,80}\b(?:angehängt|hinzu\w*|ein\w*fügt|aufgenommen|füge"
        r"|hänge|erwähn\w*|anhängen|hinzufügen|einfügen|stehen|genannt)\b|\b(?:füge|hänge|ergänze"
        r"|erwähne|nenne|schreibe)\b[^.\n]{0,80}\b(?:deine\w*|jede\w*) (?:antwort|zusammenfassung"
        r"|ausgabe)",
        Where.PASSAGE,
    ),
)

FRENCH = (
    _rule(
        "override",
        r"\b(?:ignor\w+|oubli\w+|néglig\w+|neglig\w+|contourn\w+|désobé\w+|outrepass\w+|ne (?:suis"
        r"|respecte|tiens)\w*)\b(?:\W+\w+){0,5}?\W+(?:instructions?|consignes?|directives?|règles?"
        r"|regles?|ordres?|prompts?|restrictions?|filtres?|politiques?)\b",
    ),
    _rule(
        "override",
        r"\b(?:oublie|ignore|oubliez|ignorez)\W+tout\b[^.\n]{0,40}\b(?:précéd\w*|preced\w*|avant|dit"
        r"|appris|ci-dessus|qui)\b",
    ),
    _rule(
        "new-rules",
        r"\bnouvelles? (?:instructions?|consignes?|règles?|regles?|directives?)\s*:|\b(?:désormais"
        r"|desormais|à partir de maintenant|a partir de maintenant|dorénavant|dorenavant)\b"
        r"[^.\n]{0,40}\b(?:tu|vous)\b",
    ),
    _rule(
        "no-limits",
        r"\b(?:tu|vous)\b[^.\n]{0,50}\b(?:sans|aucune?s?|plus de|plus aucune?)\b (?:\w+ )?"
        r"(?:restrictions?|limites?|filtres?|règles?|regles?|censure)|\bsans (?:aucune? )?"
        r"(?:restrictions?|filtres?|censure|limites?)\b",
    ),
    _rule(
        "persona",
        r"\bmode (?:développeur|developpeur|debug|admin\w*|dieu|dan|jailbreak|sans restriction)|\b"
        r"(?:fais semblant|imagine|joue le rôle|prétends|pretends|comporte-toi)\b[^.\n]{0,60}\b(?:sans"
        r"|aucune?)\b",
    ),
    _rule(
        "prompt-request",
        r"\b(?:révèle\w*|revele\w*|montre\w*|affiche\w*|donne\w*|répète\w*|repete\w*|dis|dites"
        r"|divulgue\w*|imprime\w*|écris|ecris|quel\w* (?:est|sont))\b[^.\n]{0,40}\b(?:(?:prompt|message"
        r"|instructions?|consignes?)(?: de| du)? ?(?:système|systeme|initia\w+|caché\w*|secr\w+"
        r"|interne\w*)|(?:invite|prompt) (?:système|systeme)|(?:tes|vos) (?:instructions|consignes"
        r"|directives))",
    ),
    _rule(
        "exfiltration",
        r"\b(?:envo\w+|transm\w+|rassembl\w+|collect\w+|transf\w+|expédi\w+|expedi\w+|divulgu\w+"
        r"|export\w+)\b[^.\n]{0,60}\b(?:données|donnees|mots? de passe|identifiants|clés?|cles?"
        r"|secrets?|e-?mails|liste)\b[^.\n]{0,80}(?:@|http|\bextern\w*)",
    ),
    _rule(
        "addressed",
        r"\b(?:note|message|instructions?|consigne|avis)\b (?:à l['’]|a l['’]|pour l['’]|au |pour le "
        r"|à |pour )(?:attention de l['’])?(?:ia|assistant|bot|chatbot|modèle|modele|agent)\b",
        Where.PASSAGE,
    ),
    _rule("forged-frame", r"\b(?:note|message|avis|instruction)s? (?:du |de )?(?:système|systeme)\s*:"),
    _rule(
        "reply-steering",
        r"\b(?:ajout\w+|inclu\w+|insér\w+|inser\w+|mentionn\w+|indiqu\w+)\b[^.\n]{0,80}\b(?:ta|votre"
        r"|chaque|toute|tes|vos) (?:\w+ )?(?:réponses?|reponses?|résumés?|resumes?)",
        Where.PASSAGE,
    ),
)

SPANISH = (
    _rule(
        "override",
        r"\b(?:ignor\w+|olvid\w+|descart\w+|desobede\w+|omit\w+|anul\w+|salt\w+|no sigas"
        r"|haz caso omiso)\b(?:\W+\w+){0,5}?\W+(?:instrucci[oó]n(?:es)?|[oó]rdenes|reglas?|directrices"
        r"|indicaciones|normas|restricciones|prompts?|pol[ií]ticas?|filtros?)\b",
    ),
    _rule(
        "override",
        r"\b(?:olvida|ignora|olvide|ignore)\W+todo\b[^.\n]{0,40}\b(?:anterior\w*|antes|dicho|aprendido"
        r"|arriba|que)\b",
    ),
    _rule(
        "new-rules",
        r"\bnuev[ao]s? (?:instrucci[oó]n(?:es)?|reglas?|[oó]rdenes|directrices|tarea)\s*:|\b"
        r"(?:a partir de ahora|de ahora en adelante|desde ahora)\b",
    ),
    _rule(
        "no-limits",
        r"\bsin (?:ning[uú]n[ao]? )?(?:restricci[oó]n(?:es)?|filtros?|l[ií]mites?|censura|reglas)\b"
        r"|\bno tienes (?:\w+ )?(?:reglas|restricciones|l[ií]mites)",
    ),
    _rule(
        "persona",
        r"\bmodo (?:de )?(?:desarrollador|desarrollo|debug|admin\w*|dios|dan|jailbreak"
        r"|sin restricciones)|\b(?:finge|imagina|act[uú]a|haz de cuenta|comp[oó]rtate)\b[^.\n]{0,60}\b"
        r"(?:sin|ning[uú]n\w*)\b",
    ),
    _rule(
        "prompt-request",
        r"\b(?:revela\w*|muestra\w*|mu[eé]strame|dime|di|imprime\w*|repite\w*|ens[eé][nñ]a\w*|da(?:me)?"
        r"|escribe\w*|cu[aá]l\w* (?:es|son))\b[^.\n]{0,40}\b(?:(?:prompt|mensaje|instrucci[oó]n(?:es)?"
        r"|indicaci[oó]n(?:es)?)(?: de| del)? ?(?:sistema|inicial\w*|ocult\w+|secret\w+|intern\w+)|tus "
        r"(?:instrucciones|indicaciones|directrices))",
    ),
    _rule(
        "exfiltration",
        r"\b(?:env[ií]\w+|manda\w*|transmit\w+|recopil\w+|reenv[ií]\w+|filtra\w*|export\w+)\b"
        r"[^.\n]{0,60}\b(?:datos|contrase[nñ]as?|credenciales|claves?|secretos?|correos|lista)\b"
        r"[^.\n]{0,80}(?:@|http|\bextern\w*)",
    ),
    _rule(
        "addressed",
        r"\b(?:nota|mensaje|instrucci[oó]n(?:es)?|aviso)\b (?:para|a) (?:la |el |cualquier )?(?:ia"
        r"|asistente|bot|chatbot|modelo|agente)\b",
        Where.PASSAGE,
    ),
    _rule("forged-frame", r"\b(?:nota|mensaje|aviso|instrucci[oó]n) del? sistema\s*:"),
    _rule(
        "reply-steering",
        r"\b(?:a[nñ]ad\w+|inclu\w+|agreg\w+|insert\w+|mencion\w+)\b[^.\n]{0,80}\b(?:tu|su|cada"
        r"|cualquier|toda) (?:\w+ )?(?:respuesta|resumen)",
        Where.PASSAGE,
    ),
)

ITALIAN = (
    _rule(
        "override",
        r"\b(?:ignor\w+|dimentic\w+|trascur\w+|scart\w+|aggir\w+|disobbed\w+|non seguire|annull\w+)\b"
        r"(?:\W+\w+){0,5}?\W+(?:istruzion[ei]|regol[ae]|direttiv[ae]|ordini|comandi|indicazioni"
        r"|linee guida|restrizioni|prompt|filtri|vincoli)\b",
    ),
    _rule(
        "override",
        r"\b(?:dimentica|ignora|dimenticate|ignorate)\W+tutto\b[^.\n]{0,40}\b(?:precedent\w*|prima"
        r"|detto|sopra|imparato|ciò|quello|cio)\b",
    ),
    _rule(
        "new-rules",
        r"\bnuov[ae] (?:istruzion[ei]|regol[ae]|direttiv[ae]|compito)\s*:|\b(?:d['’]ora in poi"
        r"|da ora in poi|da questo momento|da adesso)\b",
    ),
    _rule(
        "no-limits",
        r"\bsenza (?:alcun[ao]? |nessun[ao]? )?(?:restrizion[ei]|filtr[oi]|limit[ei]|censura|regole)\b"
        r"|\bnon hai (?:più )?(?:\w+ )?(?:regole|restrizioni|limiti|filtri)",
    ),
    _rule(
        "persona",
        r"\bmodalità (?:sviluppatore|debug|admin\w*|dio|dan|jailbreak|senza restrizioni)|\bmodalita "
        r"(?:sviluppatore|debug|dan)|\b(?:fingi|immagina|comportati|agisci|fai finta)\b[^.\n]{0,60}\b"
        r"(?:senza|nessun\w*)\b",
    ),
    _rule(
        "prompt-request",
        r"\b(?:rivel\w+|mostra\w*|dimmi|stampa\w*|ripeti\w*|svela\w*|dammi|scrivi\w*|elenca\w*|qual"
        r"[ei]? (?:è|sono))\b[^.\n]{0,40}\b(?:(?:prompt|messaggio|istruzion[ei]|indicazion[ei])(?: di"
        r"| del)? ?(?:sistema|inizial\w+|nascost\w+|segret\w+|intern\w+)|(?:le )?tue (?:istruzioni"
        r"|indicazioni|direttive))",
    ),
    _rule(
        "exfiltration",
        r"\b(?:invi\w+|mand\w+|trasm\w+|raccogli\w*|inoltr\w+|esport\w+|spedi\w+)\b[^.\n]{0,60}\b"
        r"(?:dati|password|credenziali|chiav[ei]|segret[oi]|email|elenco|lista)\b[^.\n]{0,80}(?:@|http"
        r"|\bestern\w*)",
    ),
    _rule(
        "addressed",
        r"\b(?:nota|messaggio|istruzion[ei]|avviso)\b (?:per|al|all['’]|alla) (?:l['’])?(?:ia"
        r"|assistente|bot|chatbot|modello|agente)\b",
        Where.PASSAGE,
    ),
    _rule("forged-frame", r"\b(?:nota|messaggio|avviso|istruzione) di sistema\s*:"),
    _rule(
        "reply-steering",
        r"\b(?:aggiun\w+|includ\w+|inser\w+|menzion\w+|riport\w+)\b[^.\n]{0,80}\b(?:tua|ogni|qualsiasi"
        r"|ciascuna|vostra) (?:\w+ )?(?:rispost[ae]|riassunt[oi]|sintesi)",
        Where.PASSAGE,
    ),
)

RULES = (*ENGLISH, *GERMAN, *FRENCH, *SPANISH, *ITALIAN)
