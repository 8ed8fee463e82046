//! Functions that are programs on this machine, or answer over HTTP, called one at a time by each thread of a run.

use std::sync::Arc;
use std::time::Duration;

use ::functions::{Failed, Function};
use tokio::runtime::Runtime;

use crate::answer::{Answers, NoneLeft, Reply};
use crate::asked::{Answer, Asked};
use crate::working::Working;

/// Functions by name. When this is dropped, all that is at work is ended, and waited for.
pub struct Functions {
    functions: Arc<::functions::Functions>,
    runtime: Arc<Runtime>,
    working: Working,
}

impl Functions {
    /// Functions, each of which may take so long.
    ///
    /// # Errors
    /// The operating system gives no threads.
    pub fn new(functions: &[Function], patience: Duration) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        // How many are at work at once is the run's business.
        let functions = Arc::new(::functions::Functions::new(functions, patience, usize::MAX));
        Ok(Self { functions, runtime: Arc::new(runtime), working: Working::default() })
    }

    /// What ends all functions at once, from another thread.
    pub fn working(&self) -> Working {
        self.working.clone()
    }
}

impl Drop for Functions {
    fn drop(&mut self) {
        self.working.end();
    }
}

impl Answers for Functions {
    fn answer(&mut self, asked: &Asked) -> Result<Option<Reply>, NoneLeft> {
        let Some(name) = asked.name().filter(|name| self.functions.has(name)) else { return Ok(None) };
        let (functions, asked) = (Arc::clone(&self.functions), asked.clone());
        let (runtime, working) = (Arc::clone(&self.runtime), self.working());
        Ok(Some(Reply::Work(Box::new(move |stop| {
            let given = asked.payload();
            let answer = functions.invoke(&name, &given, None);
            match runtime.block_on(working.unless_ended(stop, answer)) {
                Some(Some(Ok(output))) => asked.returned(output),
                Some(Some(Err(Failed { error, cause }))) => Answer::Failed { error, cause: Some(cause) },
                Some(None) | None => Answer::Failed { error: asl::error::RUNTIME.to_owned(), cause: None },
            }
        }))))
    }
}
