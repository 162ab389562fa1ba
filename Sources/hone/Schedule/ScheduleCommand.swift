import ArgumentParser
import HonePipeline

/// `hone schedule`: the pipelines that run by themselves.
struct ScheduleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "Lists, pauses, resumes and triggers the schedules of pipelines.",
        discussion: """
            A schedule stands in its pipeline's file and is in force once the file is known to the database; times are
            UTC by the database's clock.

            EXAMPLES
              hone schedule list
              hone schedule pause continual
              hone schedule resume continual
              hone schedule trigger continual
            """,
        subcommands: [ScheduleList.self, SchedulePause.self, ScheduleResume.self, ScheduleTrigger.self])
}
