import HoneDatasets
import Testing

/// Rows written by hand in each publisher's form.
@Suite struct PublishedFormatTests {
    @Test func gsm8kAnnotationsBecomeSteps() throws {
        let rows = #"""
            {"question": "Ann packs 48 jars,\n half as  many.", "answer": "<<48/2=24>>24.\n<<48 + 24 = 72>>\n#### 72"}
            {"question": "A roof costs $1,000. How much is it?", "answer": "It says so.\n#### 1,000"}
            """#
        let examples = try read(rows, as: "train.jsonl")
        #expect(examples[0].prompt == "Ann packs 48 jars, half as many.")
        #expect(examples[0].steps == ["48/2=24", "48+24=72"])
        #expect(examples.map(\.answer) == ["72", "1000"])
        #expect(examples.map(\.source) == ["gsm8k", "gsm8k"])
    }

    @Test func svampIsStoryAndQuestionWithOneEquation() throws {
        let rows = """
            [
              {"ID": "made-1", "Body": "A bag of nuts costs 76 dollars. If 25 dollars are taken off",
               "Question": "what is to pay ?", "Equation": "( 76.0 - 25.0 )", "Answer": 51.0, "Type": "Subtraction"},
              {"ID": "made-2", "Body": "One in 5.", "Question": "Which share?",
               "Equation": "( ( 1.0 / 5.0 ) - 0.0 )", "Answer": 0.2, "Type": "Common-Division"}
            ]
            """
        let examples = try read(rows, as: "SVAMP.json")
        #expect(
            examples[0].prompt == "A bag of nuts costs 76 dollars. If 25 dollars are taken off, what is to pay?")
        #expect(examples[0].steps == ["76-25=51"])
        #expect(examples.map(\.answer) == ["51", "0.2"])
        #expect(examples[1].steps == ["1/5=0.2", "0.2-0=0.2"])
        #expect(examples[1].metadata["id"] == "made-2")
    }

    @Test(arguments: [("-2.5", "3.5", "7.5"), ("-2", "3.0", "7")])
    func aNegativeRightSideStandsInParentheses(right: String, subtrahend: String, answer: String) throws {
        let row = """
            [{"ID": "made-3", "Body": "Some and 5.", "Question": "How many?",
              "Equation": "( 5.0 - ( 1.0 - \(subtrahend) ) )", "Answer": \(answer), "Type": "Subtraction"}]
            """
        let steps = try read(row, as: "SVAMP.json").first?.steps
        #expect(steps?.last == "5-(\(right))=\(answer)")
    }

    @Test func multiArithTakesOneOperationAStep() throws {
        let rows = """
            [{"iIndex": 7, "lAlignments": [1], "lEquations": ["X=((32.0+42.0)-35.0)"], "lSolutions": [39.0],
              "sQuestion": " Bo had 32 figs and 42 dates. He ate 35. How many are left? "}]
            """
        let example = try #require(try read(rows, as: "m.json").first)
        #expect(example.steps == ["32+42=74", "74-35=39"])
        #expect(example.answer == "39")
        #expect(example.prompt == "Bo had 32 figs and 42 dates. He ate 35. How many are left?")
    }

    @Test func asdivHasUnitsAndKeepsStepsOnlyOfPlainArithmetic() throws {
        let rows = """
            <?xml version="1.0" encoding="UTF-8" ?>
            <!-- made by hand -->
            <Machine-Reading-Corpus-File>
            <ProblemSet>
                <Problem ID="x-1" Grade="1" Source="http://example.org">
                    <Body>Tom &amp; Ann have 21 figs. They eat 9.</Body>
                    <Question>How many in 3 such baskets? </Question>
                    <Solution-Type>Sequential-Operation</Solution-Type>
                    <Answer>36 (figs)</Answer>
                    <Formula>21-9=12; 12*3=36</Formula>
                </Problem>
                <Problem ID="x-2" Grade="5">
                    <Body>53 figs go into bags of 6.</Body>
                    <Question>How many bags, and what is left?</Question>
                    <Answer>8 (bags); 5 (figs)</Answer>
                    <Formula>53/6=8 r5</Formula>
                </Problem>
            </ProblemSet>
            </Machine-Reading-Corpus-File>
            """
        let examples = try read(rows, as: "ASDiv.xml")
        #expect(examples[0].prompt == "Tom & Ann have 21 figs. They eat 9. How many in 3 such baskets?")
        #expect(examples[0].answer == "36")
        #expect(examples[0].metadata["unit"] == "figs")
        #expect(examples[0].steps == ["21-9=12", "12*3=36"])
        #expect(examples[1].answer == "8 (bags); 5 (figs)")
        #expect(examples[1].steps.isEmpty)
    }

    @Test func mawpsPlaceholdersAreFilledAndPrefixEquationsWorkedOut() throws {
        let rows = #"""
            Question,Numbers,Equation,Answer,group_nums,Body,Ques
            "From number0 take number1 , number2 times .",25000.0 1500.5 8.0,- number0 * number1 number2,12996.0,"[1]",,
            He said "no" number0 times,3,+ number0 2.0,5.0,,,
            """#.replacing(#"He said "no" number0 times"#, with: #""He said ""no"" number0 times""#)
        let examples = try read(rows, as: "mawps_train.csv")
        #expect(examples[0].prompt == "From 25000 take 1500.5, 8 times.")
        #expect(examples[0].steps == ["1500.5*8=12004", "25000-12004=12996"])
        #expect(examples[1].prompt == #"He said "no" 3 times"#)
        #expect(examples[1].answer == "5")
    }

    @Test func anEquationThatMissesTheAnswerGivesNoSteps() throws {
        let rows = """
            [{"ID": "a", "Body": "b.", "Question": "q?", "Equation": "( 7.0 / 2.0 )", "Answer": 3.0, "Type": "t"}]
            """
        #expect(try read(rows, as: "s.json").first?.steps == [])
    }

    @Test func aNameTellsTheSplitAndTheCallerOverridesIt() throws {
        let row = "{\"question\": \"q 1?\", \"answer\": \"#### 1\"}"
        #expect(try read(row, as: "test.jsonl").first?.split == "test")
        #expect(try read(row, as: "gsm.jsonl").first?.split == "train")
        #expect(try read(row, as: "test.jsonl", split: "held-out").first?.split == "held-out")
        let own = "{\"prompt\": \"p\", \"answer\": \"a\", \"split\": \"validation\"}"
        #expect(try read(own, as: "test.jsonl").first?.split == "validation")
    }
}
