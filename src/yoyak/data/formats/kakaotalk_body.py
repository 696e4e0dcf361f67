"""What is no speech in a KakaoTalk chat: photos and other shared things, deleted messages, notices of the app."""

from __future__ import annotations

import re
from collections.abc import Container

_MARKERS = frozenset(
    [
        "사진",
        "동영상",
        "이모티콘",
        "음성메시지",
        "음성메세지",
        "보이스노트",
        "연락처",
        "위치",
        "선물",
        "캘린더",
        "톡게시판",
        "라이브톡",
        "Photo",
        "Photos",
        "Picture",
        "Pictures",
        "Video",
        "Videos",
        "Emoticon",
        "Emoticons",
        "Sticker",
        "Stickers",
        "File",
        "Files",
        "Contact",
        "Location",
        "Map",
        "(이모티콘)",
        "(사진)",
        "(동영상)",
        "(Emoticon)",
        "(Photo)",
        "(Video)",
    ]
) | frozenset(
    (
        "삭제된 메시지입니다",
        "삭제된 메시지입니다.",
        "메시지가 삭제되었습니다.",
        "사진을 보냈습니다.",
        "동영상을 보냈습니다.",
        "이모티콘을 보냈습니다.",
        "채팅방 관리자가 메시지를 가렸습니다.",
        "This message was deleted.",
        "This message has been deleted.",
        "Voice Message",
        "Voice Note",
        "Voice message",
        "<사진 읽지 않음>",
        "<동영상 읽지 않음>",
        "<Photo not read>",
        "<Video not read>",
    )
)
_MARKED = re.compile(
    r"사진 \d{1,3}장(?:을 보냈습니다\.)?|\d{1,3} ?Photos?|Photos? ?\d{1,3}"
    r"|(?:파일|File) ?: .{1,300}\.\w{1,6}"
    r"|(?:보이스톡|페이스톡|그룹콜|라이브톡|Voice Call|Video Call|Voice Talk|Face Talk)"
    r"(?: (?:해요|시작|종료|취소|부재중|응답 없음|\d{1,2}(?::\d\d){1,2}))?\.?"
    r"|샵검색 ?: ?#.*|지도 ?: .*|(?:위치|연락처) ?: .{1,300}|(?:Map|Location|Contact) ?: .{1,300}"
    r"|[0-9a-f]{32,64}\.(?:jpe?g|png|gif|mp4|webp|m4a|mov)"
)
_EMOTICON = re.compile(r"^\((?:이모티콘|Emoticon|사진|Photo|동영상|Video)\) (?=\S)")

# Sentences of the app. A name may stand before them, so they are looked for at the end of a line.
_CAME_OR_WENT = (
    "님이 들어왔습니다.",
    "님이 나갔습니다.",
    "님이 들어왔습니다",
    "님이 나갔습니다",
    "님이 채팅방을 나갔습니다.",
    "방장이 되었습니다.",
    "부방장이 해제되었습니다.",
    "채팅방 관리자가 되었습니다.",
)
_OTHER_NOTICES = (
    "님을 초대하였습니다.",
    "님을 초대했습니다.",
    "님을 내보냈습니다.",
    "채팅방 관리자가 메시지를 가렸습니다.",
    "운영정책을 위반한 메시지로 신고 접수 시 카카오톡 이용에 제한이 있을 수 있습니다.",
)
_ENGLISH_ENDS = (
    " left this chatroom.",
    " joined this chatroom.",
    " has left this chatroom.",
    " left the chatroom.",
    " joined the chatroom.",
)
_INVITED = re.compile(r"(?P<who>.{1,60}?) (?:has )?invited (?P<whom>.{1,2000})\.$")
_IN_A_SENTENCE = re.compile(
    r"\b(?:i|he|she|they|we|you|it|who|me|us|him|her|them|to|for|my|your|his|their|the|a|an|was|been)\b", re.IGNORECASE
)
_INVITED_HERE = re.compile(r".{1,200}? (?:has )?invited .{1,2000} to (?:this|the) chat ?room\.?$")
_LONGEST = 2500
_LONGEST_NAME = 80


def speech(text: str) -> str:
    """The words of a message; empty when it is a photo, a file, a deleted message or the like.

    Example:
        >>> speech("사진 3장"), speech("샵검색: #맛집"), speech("사진 좀 보내 줘"), speech("(이모티콘) 고마워")
        ('', '', '사진 좀 보내 줘', '고마워')
    """
    text = text.strip()
    if text in _MARKERS:
        return ""
    if len(text) < 1000 and "\n" not in text and _MARKED.fullmatch(text):
        return ""
    return _EMOTICON.sub("", text) if text.startswith("(") else text


def is_notice(line: str, names: Container[str] = ()) -> bool:
    """Whether a line without a name in front is a sentence of the app; `names` are the speakers known so far.

    An English "A invited B." is taken for one when A is a speaker or "You"; of others only when it holds names alone, since people
    write such sentences too.

    Example:
        >>> is_notice("민수님이 나갔습니다."), is_notice("She invited me."), is_notice("민수 invited 지우 .", {"민수"})
        (True, False, True)
    """
    if len(line) > _LONGEST or not line:
        return False
    if line.endswith(_OTHER_NOTICES) or (len(line) < _LONGEST_NAME and line.endswith(_CAME_OR_WENT)):
        return True
    if line.endswith(_ENGLISH_ENDS) or _INVITED_HERE.match(line):
        return True
    match = _INVITED.match(line)
    if match is None:
        return False
    if match["who"] in names or match["who"] == "You":
        return True
    return _IN_A_SENTENCE.search(f"{match['who']} {match['whom']}") is None and match["who"].count(" ") < 3
