/// Verbs of stories in their forms: "she bought" becomes "did she buy", and back.
enum VerbForms {
    /// What stands after "did"; nil for what is no form of a known verb.
    static func base(of word: String) -> String? {
        if let base = bases[word] { return base }
        guard word.last == "s" else { return nil }
        let stem = String(word.dropLast())
        return pasts[stem] == nil ? nil : stem
    }

    /// The past of a verb as it stands after "did"; nil for an unknown one.
    static func past(of base: String) -> String? { pasts[base] }

    /// What stands after "he" for what stands after "does he".
    static func present(of base: String) -> String { base == "have" ? "has" : base + "s" }

    private static let pasts = Dictionary(
        uniqueKeysWithValues: """
            add/added answer/answered bake/baked borrow/borrowed break/broke bring/brought build/built buy/bought \
            catch/caught clean/cleaned collect/collected come/came complete/completed cook/cooked count/counted \
            cut/cut delete/deleted do/did donate/donated download/downloaded draw/drew drink/drank drive/drove \
            drop/dropped earn/earned eat/ate fall/fell fill/filled find/found finish/finished fly/flew \
            gather/gathered get/got give/gave go/went grab/grabbed grade/graded grow/grew hand/handed \
            harvest/harvested have/had help/helped hire/hired hold/held invite/invited jump/jumped keep/kept \
            kick/kicked leave/left load/loaded lose/lost make/made miss/missed move/moved mow/mowed need/needed \
            order/ordered pack/packed paint/painted pass/passed pay/paid pick/picked place/placed plant/planted \
            play/played prepare/prepared purchase/purchased put/put raise/raised read/read receive/received \
            recycle/recycled remove/removed return/returned ride/rode run/ran save/saved score/scored see/saw \
            sell/sold send/sent serve/served share/shared sleep/slept solve/solved spend/spent stack/stacked \
            start/started swim/swam take/took tell/told throw/threw trade/traded trim/trimmed turn/turned \
            upload/uploaded use/used visit/visited walk/walked want/wanted wash/washed watch/watched weigh/weighed \
            win/won work/worked write/wrote
            """.split(separator: " ").map { forms in
                let parts = forms.split(separator: "/").map(String.init)
                return (parts[0], parts[1])
            })

    private static let bases: [String: String] =
        Dictionary(pasts.map { ($0.value, $0.key) }) { first, _ in first }
        .merging(["has": "have", "catches": "catch", "washes": "wash", "goes": "go", "does": "do"]) { $1 }
}
