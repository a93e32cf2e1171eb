"""Other languages are told from English, however the English is spelt."""

from __future__ import annotations

import pytest

from assistant.encoder import OnnxEncoder
from assistant.judgement.language import reads_as_english

FOREIGN = [
    "Ich arbeite seit drei Jahren als Teamleiter und weiß nicht, ob ich einen Coach oder einen Mentor brauche.",
    "Mein Chef gibt mir kein Feedback. Was soll ich tun?",
    "Brauche ich einen Coach?",
    "Hilfe ich kann nicht mehr schlafen",
    "Je suis chef d'équipe depuis six mois et je n'arrive pas à déléguer, est-ce qu'un coach peut m'aider ?",
    "Quiero ser gerente y no sé cómo llegar, ¿necesito un mentor?",
    "Llevo tres años en la empresa y mi jefe no me escucha.",
    "Vorrei parlare in pubblico senza tremare, chi mi può aiutare?",
    "Ho bisogno di un mentore per la mia carriera",
    "Eu quero mudar de carreira e não sei por onde começar.",
    "Ik wil beter leren delegeren maar ik weet niet hoe.",
    "Chcę zostać kierownikiem, ale nie wiem jak zacząć.",
    "Jag vill bli chef men vet inte hur jag ska börja.",
    "Yönetici olmak istiyorum ama nasıl yapacağımı bilmiyorum.",
    "Saya ingin menjadi manajer tetapi tidak tahu harus mulai dari mana",
    "我想成为一名经理，但是不知道该怎么做。",
    "マネージャーになりたいのですが、どうすればいいですか。",
    "저는 관리자가 되고 싶습니다",
    "Я хочу стать руководителем, но не знаю, с чего начать.",
    "أريد أن أصبح مديرا ولا أعرف كيف أبدأ",
    "मैं मैनेजर बनना चाहता हूँ",
]

ENGLISH = [
    "i dunno wot to do abt my boss he nevr listns n i cnt say no",
    "shud i get a coch or a mentr",
    "interupt ppl constantly, 360 said so, wanna stop b4 june",
    "pls help me i want be manager but not know how become",
    "I am working since 3 years in company and nobody is explaining me how to grow",
    "My team lead say I must be more visible, how I can do this",
    "Dear Sir, kindly do the needful and revert with suitable mentor",
    "manager no give feedback me very sad what do",
    "The Geschäftsführer said my English is not good enough for the Vorstand.",
    "My boss calls me 'el jefe' and I want to learn to delegate",
    "Sous chef, freeze at the pass, fix by Xmas",
    "freeze presenting. board. june.",
    "Kubernetes onboarding, Terraform, Jenkins, Grafana: who teaches me?",
    "need mentor 4 sales",
    "I WANT TO SPEAK UP IN MEETINGS",
]


@pytest.mark.parametrize("message", FOREIGN)
def test_another_language_is_not_read(encoder: OnnxEncoder, message: str) -> None:
    assert not reads_as_english(message, encoder.is_word)


@pytest.mark.parametrize("message", ENGLISH)
def test_misspelt_second_language_and_terse_english_is_read(encoder: OnnxEncoder, message: str) -> None:
    assert reads_as_english(message, encoder.is_word)


@pytest.mark.parametrize("message", ["hi", "ok", "?", "👍", "42", "", "coach", "GROW", "60 %"])
def test_a_message_of_a_word_or_none_counts_as_english(encoder: OnnxEncoder, message: str) -> None:
    assert reads_as_english(message, encoder.is_word)
